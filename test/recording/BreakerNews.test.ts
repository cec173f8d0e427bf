import { assert, describe, it } from "@effect/vitest"
import { OrgId } from "../../src/domain/Ids.ts"
import type { OperatorOverride } from "../../src/monitoring/breaker/OperatorOverride.ts"
import * as Breaker from "../../src/monitoring/breaker/Breaker.ts"
import { allLeave } from "../../src/monitoring/breaker/TripRules.ts"
import type { ScopedTransition } from "../../src/monitoring/breaker/Transition.ts"
import * as BreakerNews from "../../src/recording/BreakerNews.ts"
import { noon, orgId } from "../support/fixtures.ts"

const transition = (fields: Partial<ScopedTransition> = {}): ScopedTransition => ({
  orgId: null,
  from: "closed",
  to: "open",
  at: noon,
  reason: "12 faults",
  evidence: { faults: 12, timeouts: 1, orgs: [] },
  breaker: Breaker.closed(1, noon),
  forced: null,
  ...fields,
})

const override = (fields: Partial<OperatorOverride> = {}): OperatorOverride => ({
  mode: "direct_llm",
  by: "olga of ops",
  reason: "INC-1",
  since: noon - 1_800_000,
  expiresAt: null,
  ...fields,
})

const of = (
  fields: Partial<ScopedTransition>,
  before?: OperatorOverride,
  alone?: string,
  directConfigured = true,
) => BreakerNews.of(transition(fields), { before, alone, directConfigured })

describe("the news of a breaker", () => {
  it("are its opening and its closing, for all organisations or for one", () => {
    assert.deepInclude(of({}), {
      kind: "breaker.opened",
      severity: "action",
      orgId: null,
      by: null,
      text: "The breaker of all organisations opened: 12 faults.",
    })
    assert.deepInclude(of({ orgId }), {
      kind: "breaker.opened",
      severity: "warning",
      orgId,
      text: "The breaker of the organisation acme opened: 12 faults.",
    })
    const by = "olga of ops"
    assert.deepInclude(of({ from: "ramp", to: "closed", by, reason: `reset by ${by}` }), {
      kind: "breaker.closed",
      severity: "info",
      by,
      text: "The breaker of all organisations closed: reset by olga of ops.",
    })
    assert.match(of({ from: "ramp" })?.text ?? "", /opened again: /)
  })

  it("are no probes and no steps of the ramp", () => {
    const moves = [
      { from: "open", to: "half_open" },
      { from: "half_open", to: "open" },
      { from: "open", to: "ramp" },
      { from: "half_open", to: "ramp" },
    ] as const
    for (const move of moves) assert.isUndefined(of(move))
  })

  it("say that turns stay on the runtime if no direct provider is configured", () => {
    const alone = (fields: Partial<ScopedTransition>) => of(fields, undefined, undefined, false)?.text
    const stays = "No direct provider is configured: turns stay on the runtime."
    assert.strictEqual(alone({}), `The breaker of all organisations opened: 12 faults. ${stays}`)
    assert.include(alone({ orgId }), stays)
    assert.notInclude(alone({ from: "ramp", to: "closed" }), stays)
    const forced = override({ since: noon })
    assert.include(alone({ to: "forced_direct", forced }), "INC-1. No direct provider is configured: these")
    assert.notInclude(of({ to: "forced_direct", forced })?.text, "No direct provider")
  })

  it("are not the closing of an organisation's breaker that leaves with all others", () => {
    assert.isUndefined(of({ orgId, from: "open", to: "closed", reason: allLeave }))
  })

  it("are one event for the many breakers that one reset closes", () => {
    const closed = Array.from({ length: 200 }, (_, index) => OrgId.make(`org-${index}`)).map((org) => ({
      news: BreakerNews.of(
        transition({ orgId: org, from: "open", to: "closed", by: "olga", reason: "reset by olga" }),
        { before: undefined, alone: undefined, directConfigured: true },
      )!,
      ours: true,
    }))
    const global = {
      news: of({ from: "open", to: "closed", by: "olga", reason: "reset by olga" })!,
      ours: true,
    }
    const [summary, ...rest] = BreakerNews.merged([...closed, global])
    assert.deepEqual(rest, [global])
    assert.deepInclude(summary?.news, {
      kind: "breaker.closed",
      orgId: null,
      by: "olga",
      text: "The breakers of 200 organisations closed: reset by olga.",
    })
    assert.deepEqual(BreakerNews.merged(closed.slice(0, 1)), closed.slice(0, 1))
  })

  it("name the replica that decided without Redis", () => {
    assert.match(of({}, undefined, "replica-1")?.text ?? "", /opened on replica replica-1, without Redis: 12/)
  })
})

describe("the news of an override", () => {
  it("has the operator, the mode, the scope and the time", () => {
    const forced = override({ since: noon, expiresAt: noon + 5_400_000 })
    assert.deepInclude(of({ to: "forced_direct", forced, orgId }), {
      kind: "override.set",
      severity: "warning",
      orgId,
      by: "olga of ops",
      reason: "INC-1",
      text: "olga of ops sends the organisation acme to direct mode until 2026-11-22 13:30 UTC, for 1 h 30 min: INC-1.",
    })
    const news = of({ to: "forced_runtime", forced: override({ mode: "runtime_orchestrator", since: noon }) })
    assert.strictEqual(
      news?.text,
      "olga of ops sends all organisations to the runtime without an end: INC-1.",
    )
  })

  it("names who set it and for how long, when it expires or ends", () => {
    const before = override({ expiresAt: noon })
    assert.deepInclude(
      of({ from: "forced_direct", to: "closed", reason: "the override has expired" }, before),
      {
        kind: "override.expired",
        severity: "warning",
        by: null,
        text: "The override to direct mode for all organisations expired after 30 min. olga of ops had set it: INC-1.",
      },
    )
    const end = { from: "forced_direct", to: "open", by: "ute of ops", reason: "ute of ops: over" } as const
    assert.deepInclude(of(end, override()), {
      kind: "override.ended",
      severity: "info",
      by: "ute of ops",
      reason: "over",
      text: "The override to direct mode for all organisations was ended by ute of ops after 30 min: over. olga of ops had set it: INC-1. The breaker is open.",
    })
  })

  it("is no closed breaker if the replica did not see the beginning", () => {
    const end = { from: "forced_runtime", to: "closed", reason: "the override has expired" } as const
    assert.deepInclude(of(end), {
      kind: "override.expired",
      text: "The override for all organisations ended: the override has expired.",
    })
    assert.strictEqual(of({ ...end, to: "open", by: "ute of ops" })?.kind, "override.ended")
  })

  it("names the replica if it holds there only, without Redis", () => {
    const forced = override({ since: noon, expiresAt: noon + 5_400_000 })
    const set = of({ to: "forced_direct", forced }, undefined, "replica-1")
    assert.include(set?.text, "to direct mode on replica replica-1, without Redis until 2026-11-22 13:30 UTC")
    const end = { from: "forced_direct", to: "closed", reason: "the override has expired" } as const
    const ended = of(end, override({ expiresAt: noon }), "replica-1")
    assert.include(ended?.text, "expired after 30 min on replica replica-1, without Redis.")
  })

  it("is new for another override, and not for a move of the breaker below it", () => {
    const forced = override()
    const move = { from: "forced_direct", to: "forced_direct", forced } as const
    assert.isUndefined(of(move, forced))
    assert.strictEqual(of({ ...move, forced: override({ reason: "INC-2" }) }, forced)?.kind, "override.set")
  })
})

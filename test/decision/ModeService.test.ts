import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as ModeDecision from "../../src/decision/ModeDecision.ts"
import { ModeService } from "../../src/decision/ModeService.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { Modes } from "../../src/execution/Modes.ts"
import type { Admission } from "../../src/monitoring/Admission.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import type { Ticket } from "../../src/monitoring/Ticket.ts"
import { scripted } from "../execution/scripted.ts"
import { orgId, otherOrgId, sessionId } from "../support/fixtures.ts"

const ticket: Ticket = { globalEpoch: 3, orgEpoch: 5, probe: "global" }

/** What was asked of the Monitor, in order. */
type Calls = Array<readonly ["admit", OrgId] | readonly ["release", Ticket, OrgId]>

const monitor = (calls: Calls, allowed: Admission["allowed"]) =>
  Layer.mock(Monitor, {
    admit: (org) =>
      Effect.sync(() => {
        calls.push(["admit", org])
        return { allowed, scope: "none", reason: "said so", ticket }
      }),
    release: (given, org) => Effect.sync(() => void calls.push(["release", given, org])),
  })

interface Options {
  readonly rollout?: Partial<ModeDecision.Rollout>
  readonly modes?: ReadonlyArray<ExecutionMode>
  readonly allowed?: Admission["allowed"]
  readonly calls?: Calls
}

const service = ({
  allowed = "yes",
  calls = [],
  modes = ["runtime_orchestrator", "direct_llm"],
  rollout = {},
}: Options = {}) =>
  ModeService.layer({
    defaultMode: "direct_llm",
    enabledOrgs: new Set([orgId]),
    shadowPercent: 0,
    ...rollout,
  }).pipe(
    Layer.provide([Modes.layer(modes.map((mode) => scripted([], mode, mode))), monitor(calls, allowed)]),
  )

const decide = (org: OrgId, options?: Options) =>
  Effect.flatMap(ModeService, ({ decide }) => decide(org, sessionId)).pipe(Effect.provide(service(options)))

/** Random that always draws `share`, from 0 to 1. */
const drawing = (share: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => share, nextIntUnsafe: () => 0 })

describe("ModeService", () => {
  it.effect("asks the breaker for a turn that wants the runtime, and gives its ticket along", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      const decided = yield* decide(orgId, { calls })
      assert.deepStrictEqual(calls, [["admit", orgId]])
      assert.deepStrictEqual(decided.decision.order, ["runtime_orchestrator", "direct_llm"])
      assert.strictEqual(decided.ticket, ticket)
    }),
  )

  it.effect("does not ask it for a turn that does not want the runtime: no probe is leased for nothing", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      const decided = yield* decide(otherOrgId, { calls, allowed: "probe" })
      assert.deepStrictEqual(calls, [])
      assert.deepStrictEqual(decided.decision.order, ["direct_llm"])
      assert.isUndefined(decided.ticket)
    }),
  )

  it.effect("fault 12: makes the breaker's one probe of a turn that wanted the runtime anyway", () =>
    Effect.gen(function* () {
      const { decision, ticket: given } = yield* decide(orgId, { allowed: "probe" })
      assert.deepInclude(decision, {
        probe: true,
        reason: "breaker_probe",
        order: ["runtime_orchestrator", "direct_llm"],
      })
      assert.strictEqual(given, ticket)
    }),
  )

  it.effect("keeps a turn from a runtime that the breaker keeps it from", () =>
    Effect.gen(function* () {
      const { decision } = yield* decide(orgId, { allowed: "no" })
      assert.deepInclude(decision, { reason: "breaker", order: ["direct_llm"] })
      assert.deepInclude(decision.rules.at(-1), { rule: "breaker", result: "said so", decided: true })
    }),
  )

  it.effect("knows from the layers alone which modes there are", () =>
    Effect.gen(function* () {
      const runtimeOnly = yield* decide(otherOrgId, { modes: ["runtime_orchestrator"], allowed: "no" })
      assert.deepStrictEqual(runtimeOnly.decision.order, ["runtime_orchestrator"])
      const directOnly = yield* decide(orgId, { modes: ["direct_llm"], rollout: { shadowPercent: 100 } })
      assert.deepStrictEqual(directOnly.decision.order, ["direct_llm"])
      assert.notProperty(directOnly.decision, "shadow")
      assert.strictEqual((yield* Effect.flip(decide(orgId, { modes: [] })))._tag, "NoModeAvailable")
    }),
  )

  it.effect("gives a ticket back to the Monitor, and nothing where there is none", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      yield* Effect.flatMap(ModeService, ({ release }) =>
        Effect.andThen(release(orgId, ticket), release(orgId, undefined)),
      ).pipe(Effect.provide(service({ calls })))
      assert.deepStrictEqual(calls, [["release", ticket, orgId]])
    }),
  )
})

describe("fault 13: the shadow sample", () => {
  const shadowed = (shadowPercent: number, share: number) =>
    Effect.map(
      decide(otherOrgId, { rollout: { shadowPercent } }).pipe(drawing(share)),
      ({ decision }) => decision.shadow === "runtime_orchestrator",
    )

  it.effect("is drawn once a turn, in percent", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* shadowed(10, 0.0999))
      assert.isFalse(yield* shadowed(10, 0.1))
      assert.isFalse(yield* shadowed(0, 0))
      assert.isTrue(yield* shadowed(100, 0.999_999))
    }),
  )

  it.effect("makes about the given share of the turns", () =>
    Effect.gen(function* () {
      const { decide } = yield* ModeService
      const turns = yield* Effect.forEach(Array.from({ length: 2000 }), () => decide(otherOrgId, sessionId))
      const share = turns.filter(({ decision }) => decision.shadow !== undefined).length / turns.length
      assert.isAbove(share, 0.22)
      assert.isBelow(share, 0.28)
    }).pipe(Effect.provide(service({ rollout: { shadowPercent: 25 } })), Random.withSeed("shadow")),
  )
})

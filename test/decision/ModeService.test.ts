import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { ModeService } from "../../src/decision/ModeService.ts"
import { Rollout } from "../../src/decision/Rollout.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { Modes } from "../../src/execution/Modes.ts"
import type { RuntimePermission } from "../../src/monitoring/breaker/RuntimePermission.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { scripted } from "../execution/scripted.ts"
import type { RolloutSettings } from "../../src/domain/RolloutSettings.ts"
import { orgId, otherOrgId, sessionId } from "../support/fixtures.ts"
import { memoryRolloutStore, rolloutDefaults, rolloutSettings } from "../support/memoryRollout.ts"
import * as ModeDecision from "../../src/decision/ModeDecision.ts"

const ticket: Ticket = { id: 1, globalEpoch: 3, orgEpoch: 5, probe: "global" }

/** Calls of the Monitor, in order. */
type Calls = Array<readonly ["admit", OrgId] | readonly ["release", Ticket, OrgId]>

const monitor = ({ allowed = "yes", calls = [], forced }: Options) =>
  Layer.mock(Monitor, {
    configure: () => Effect.void,
    override: (org) =>
      Effect.succeed(
        forced === undefined || org !== orgId
          ? undefined
          : { mode: forced, reason: "ordered", by: "olga", since: 0, expiresAt: null },
      ),
    admit: (org) =>
      Effect.sync(() => {
        calls.push(["admit", org])
        return { allowed, scope: "none", reason: "said so", ticket }
      }),
    release: (given, org) => Effect.sync(() => void calls.push(["release", given, org])),
  })

interface Options {
  readonly rollout?: Partial<RolloutSettings>
  readonly modes?: ReadonlyArray<ExecutionMode>
  readonly allowed?: RuntimePermission["allowed"]
  readonly calls?: Calls
  /** The operator override for `orgId`. */
  readonly forced?: ExecutionMode
}

const service = (options: Options = {}) =>
  ModeService.layer({ shadowSamePercent: 20 }).pipe(
    Layer.provideMerge(Rollout.layer(rolloutDefaults({ enabledOrgs: [orgId], ...options.rollout }))),
    Layer.provide([
      Modes.layer(
        (options.modes ?? ["runtime_orchestrator", "direct_llm"]).map((mode) => scripted([], mode, mode)),
      ),
      monitor(options),
      memoryRolloutStore(),
    ]),
  )

const request = (org: OrgId) => ({
  orgId: org,
  sessionId,
  agentId: defaultAgentId,
  needsTools: false,
  messageLength: 5,
  headers: {},
  language: undefined,
  cohort: null,
  awaitsAnswer: false,
  attachments: [],
})

const decide = (org: OrgId, options?: Options) =>
  Effect.flatMap(ModeService, ({ decide }) => decide(request(org))).pipe(Effect.provide(service(options)))

/** Random that always draws `share`, from 0 to 1. */
const drawing = (share: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => share, nextIntUnsafe: () => 0 })

describe("ModeService", () => {
  it.effect("asks the breaker for a turn that prefers the runtime, and returns its ticket", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      const decided = yield* decide(orgId, { calls })
      assert.deepStrictEqual(calls, [["admit", orgId]])
      assert.deepStrictEqual(decided.decision.order, ["runtime_orchestrator", "direct_llm"])
      assert.strictEqual(decided.ticket, ticket)
    }),
  )

  it.effect("does not ask the breaker for a turn in direct mode, so no probe is leased", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      const decided = yield* decide(otherOrgId, { calls, allowed: "probe" })
      assert.deepStrictEqual(calls, [])
      assert.deepStrictEqual(decided.decision.order, ["direct_llm"])
      assert.isUndefined(decided.ticket)
    }),
  )

  it.effect("fault 12: uses a turn that prefers the runtime as the breaker's probe", () =>
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

  it.effect("sends a turn to direct mode when the breaker refuses the runtime", () =>
    Effect.gen(function* () {
      const { decision } = yield* decide(orgId, { allowed: "no" })
      assert.deepInclude(decision, { reason: "breaker", order: ["direct_llm"] })
      assert.deepInclude(decision.rules.at(-1), { rule: "breaker", result: "said so", decided: true })
    }),
  )

  it.effect("derives the available modes from the layers", () =>
    Effect.gen(function* () {
      const runtimeOnly = yield* decide(otherOrgId, { modes: ["runtime_orchestrator"], allowed: "no" })
      assert.deepStrictEqual(runtimeOnly.decision.order, ["runtime_orchestrator"])
      const directOnly = yield* decide(orgId, { modes: ["direct_llm"], rollout: { shadowPercentage: 100 } })
      assert.deepStrictEqual(directOnly.decision.order, ["direct_llm"])
      assert.notProperty(directOnly.decision, "shadow")
      assert.strictEqual((yield* Effect.flip(decide(orgId, { modes: [] })))._tag, "NoModeAvailable")
    }),
  )

  it.effect("applies the organisation's operator override without asking the breaker", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      const toDirect = yield* decide(orgId, { calls, forced: "direct_llm" })
      assert.deepInclude(toDirect.decision, { reason: "forced", order: ["direct_llm"] })
      const toRuntime = yield* decide(orgId, { calls, forced: "runtime_orchestrator", allowed: "no" })
      assert.deepInclude(toRuntime.decision, {
        reason: "forced",
        order: ["runtime_orchestrator", "direct_llm"],
      })
      assert.isUndefined(toRuntime.ticket)
      assert.deepStrictEqual(calls, [])
      const other = yield* decide(otherOrgId, { forced: "runtime_orchestrator" })
      assert.strictEqual(other.decision.reason, "default_mode")
    }),
  )

  it.effect("uses the settings at the time of the turn", () =>
    Effect.gen(function* () {
      const { decide } = yield* ModeService
      const rollout = yield* Rollout
      const order = Effect.map(decide(request(otherOrgId)), ({ decision }) => decision.order)
      assert.deepStrictEqual(yield* order, ["direct_llm"])
      const actor = { orgId, userId: "olga", requestId: null }
      yield* rollout.change(actor, { enabledOrgs: [otherOrgId] })
      assert.deepStrictEqual(yield* order, ["runtime_orchestrator", "direct_llm"])
      yield* rollout.change(actor, { deniedOrgs: [otherOrgId] })
      assert.deepStrictEqual(yield* order, ["direct_llm"])
    }).pipe(Effect.provide(service())),
  )

  it.effect("releases a ticket to the Monitor, and does nothing without one", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      yield* Effect.flatMap(ModeService, ({ release }) =>
        Effect.andThen(release(orgId, ticket), release(orgId, undefined)),
      ).pipe(Effect.provide(service({ calls })))
      assert.deepStrictEqual(calls, [["release", ticket, orgId]])
    }),
  )
})

describe("a turn with files that no target takes", () => {
  const image = { ...request(orgId), attachments: ["image", "image"] as const }
  const refusal = (asked: typeof image, options: Options = {}) =>
    Effect.flip(Effect.flatMap(ModeService, ({ decide }) => decide(asked))).pipe(
      Effect.provide(service(options)),
    )

  it.effect("is refused with the kinds that are allowed, each set once", () =>
    Effect.gen(function* () {
      const calls: Calls = []
      assert.deepInclude(yield* refusal(image, { calls }), {
        _tag: "AttachmentsUnsupported",
        kinds: ["image"],
        allowed: [[]],
      })
      assert.deepStrictEqual(calls, [])
    }),
  )

  it("is refused with the kinds of the modes that it may use alone", () => {
    const takes: ModeDecision.Takes = (mode) => (mode === "direct_llm" ? [["text"]] : [["pdf"]])
    const allowed = (denied: ReadonlyArray<OrgId>) =>
      ModeDecision.allowedKinds(
        rolloutSettings({ deniedOrgs: denied }),
        { runtime: true, direct: true },
        takes,
        image,
        undefined,
      )
    assert.deepStrictEqual(allowed([]), [["pdf"], ["text"]])
    assert.deepStrictEqual(allowed([orgId]), [["text"]])
  })

  it.effect("is refused like any other turn if no mode may take it", () =>
    Effect.gen(function* () {
      const waiting = { ...image, awaitsAnswer: true }
      assert.deepInclude(yield* refusal(waiting, { forced: "direct_llm" }), { _tag: "NoModeAvailable" })
      assert.deepInclude(yield* refusal(image, { modes: [] }), { _tag: "NoModeAvailable" })
    }),
  )
})

describe("fault 13: the shadow sample", () => {
  const shadowOf = (org: OrgId, draw: number, options: Options = {}) =>
    Effect.map(
      decide(org, { rollout: { shadowPercentage: 10 }, ...options }).pipe(drawing(draw)),
      ({ decision }) => decision.shadow,
    )

  it.effect("is drawn once per turn, in either direction, with a part in the turn's own mode", () =>
    Effect.gen(function* () {
      const direct = otherOrgId
      const runtime = orgId
      assert.strictEqual(yield* shadowOf(direct, 0.0999), "runtime_orchestrator")
      assert.strictEqual(yield* shadowOf(runtime, 0.0999), "direct_llm")
      assert.strictEqual(yield* shadowOf(direct, 0.0199), "direct_llm")
      assert.strictEqual(yield* shadowOf(runtime, 0.0199), "runtime_orchestrator")
      assert.isUndefined(yield* shadowOf(direct, 0.1))
      assert.isUndefined(yield* shadowOf(runtime, 0.1))
    }),
  )

  it.effect("has no turn that the breaker or an operator override kept from the runtime", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* shadowOf(orgId, 0.05, { allowed: "no" }))
      assert.isUndefined(yield* shadowOf(orgId, 0.05, { forced: "direct_llm" }))
    }),
  )

  it.effect("contains about the configured share of the turns", () =>
    Effect.gen(function* () {
      const { decide } = yield* ModeService
      const turns = yield* Effect.forEach(Array.from({ length: 2000 }), () => decide(request(otherOrgId)))
      const share = turns.filter(({ decision }) => decision.shadow !== undefined).length / turns.length
      assert.isAbove(share, 0.22)
      assert.isBelow(share, 0.28)
    }).pipe(Effect.provide(service({ rollout: { shadowPercentage: 25 } })), Random.withSeed("shadow")),
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as ModeDecision from "../../src/decision/ModeDecision.ts"
import { Decision } from "../../src/domain/Decision.ts"
import { ExecutionMode } from "../../src/domain/Mode.ts"

const runtime = "runtime_orchestrator"
const direct = "direct_llm"
const both = { runtime: true, direct: true }
const yes: ModeDecision.Admission = { allowed: "yes", reason: "closed" }
const no: ModeDecision.Admission = { allowed: "no", reason: "error rate 1 > 0.5 over 10 attempts" }
const probe: ModeDecision.Admission = { allowed: "probe", reason: "half-open" }

const rollout = (fields: Partial<ModeDecision.Rollout> = {}): ModeDecision.Rollout => ({
  defaultMode: direct,
  enabledOrgs: new Set(),
  shadowPercent: 0,
  ...fields,
})

interface Case {
  readonly rollout: ModeDecision.Rollout
  readonly available?: ModeDecision.Available
  readonly admission?: ModeDecision.Admission
  readonly sample?: number
}

/** As `ModeService` puts it together: the wish first, the breaker only for a turn that wants the runtime. */
const decide = ({ admission = yes, available = both, rollout, sample = 50 }: Case): Decision | undefined => {
  const wished = ModeDecision.wish(rollout, available, "acme")
  if (wished === undefined) return undefined
  return wished.mode === direct
    ? ModeDecision.direct(wished, rollout, available, sample)
    : ModeDecision.runtime(wished, available, admission)
}

const listed = rollout({ enabledOrgs: new Set(["acme"]) })
const others = rollout({ enabledOrgs: new Set(["umbrella"]) })
const toRuntime = rollout({ defaultMode: runtime })

/** name, case, order, reason, the rules that were looked at with the one that decided in capitals. */
const table: ReadonlyArray<readonly [string, Case, ReadonlyArray<ExecutionMode>, string, string]> = [
  ["direct is the default", { rollout: rollout() }, [direct], "default_mode", "enabled_orgs DEFAULT_MODE"],
  [
    "the runtime is the default",
    { rollout: toRuntime },
    [runtime, direct],
    "default_mode",
    "enabled_orgs DEFAULT_MODE breaker",
  ],
  [
    "the organisation is listed",
    { rollout: listed },
    [runtime, direct],
    "enabled_orgs",
    "ENABLED_ORGS breaker",
  ],
  [
    "another organisation is listed",
    { rollout: others },
    [direct],
    "default_mode",
    "enabled_orgs DEFAULT_MODE",
  ],
  [
    "the breaker is open",
    { rollout: toRuntime, admission: no },
    [direct],
    "breaker",
    "enabled_orgs default_mode BREAKER",
  ],
  [
    "the breaker is open for one that is listed",
    { rollout: listed, admission: no },
    [direct],
    "breaker",
    "enabled_orgs BREAKER",
  ],
  [
    "this turn is the probe",
    { rollout: listed, admission: probe },
    [runtime, direct],
    "breaker_probe",
    "ENABLED_ORGS breaker",
  ],
  [
    "the breaker is open and there is no direct mode",
    { rollout: toRuntime, admission: no, available: { runtime: true, direct: false } },
    [runtime],
    "default_mode",
    "enabled_orgs DEFAULT_MODE breaker",
  ],
  [
    "the runtime is wanted and not configured",
    { rollout: listed, available: { runtime: false, direct: true } },
    [direct],
    "configured",
    "enabled_orgs CONFIGURED",
  ],
  [
    "direct is wanted and not configured",
    { rollout: rollout(), available: { runtime: true, direct: false } },
    [runtime],
    "configured",
    "enabled_orgs default_mode CONFIGURED breaker",
  ],
]

const traceOf = (decision: Decision | undefined) =>
  decision?.rules.map(({ decided, rule }) => (decided ? rule.toUpperCase() : rule)).join(" ")

describe("which modes a turn may use", () => {
  it.each(table)("%s", (_, given, order, reason, trace) => {
    const decision = decide(given)
    assert.deepStrictEqual([decision?.order, decision?.reason], [order, reason])
    assert.strictEqual(traceOf(decision), trace)
    assert.strictEqual(decision?.probe, given.admission === probe)
  })

  it("without any target there is no decision", () => {
    assert.isUndefined(decide({ rollout: listed, available: { runtime: false, direct: false } }))
  })

  it("says in words what each rule found", () => {
    const words = (given: Case) => decide(given)?.rules.map(({ result }) => result)
    assert.deepStrictEqual(words({ rollout: toRuntime, admission: no }), [
      "no organisation is listed",
      "runtime_orchestrator",
      "error rate 1 > 0.5 over 10 attempts",
    ])
    assert.deepStrictEqual(words({ rollout: listed }), ["the organisation is listed", "closed"])
    assert.deepStrictEqual(words({ rollout: others, available: { runtime: true, direct: false } }), [
      "the organisation is not listed",
      "direct_llm",
      "direct_llm is not configured",
      "closed",
    ])
  })
})

describe("fault 13: the shadow share", () => {
  it.each([
    [0, 0, false],
    [0, 99.9, false],
    [10, 9.9, true],
    [10, 10, false],
    [50, 49.9, true],
    [50, 50.1, false],
    [100, 0, true],
    [100, 99.999, true],
  ])("%d percent with the sample %d: %s", (shadowPercent, sample, shadowed) => {
    const decision = decide({ rollout: rollout({ shadowPercent }), sample })
    assert.strictEqual(decision?.shadow, shadowed ? runtime : undefined)
    assert.deepStrictEqual(decision?.order, [direct])
  })

  it("is of direct turns only, and of none where there is no runtime", () => {
    const all = { shadowPercent: 100 }
    assert.notProperty(decide({ rollout: rollout({ ...all, defaultMode: runtime }) }), "shadow")
    assert.notProperty(
      decide({ rollout: rollout(all), available: { runtime: false, direct: true } }),
      "shadow",
    )
    assert.notProperty(
      decide({ rollout: rollout({ ...all, defaultMode: runtime }), admission: no }),
      "shadow",
    )
  })
})

const anyCase = {
  defaultMode: ExecutionMode,
  listed: Schema.Array(Schema.Literals(["acme", "umbrella"])),
  shadowPercent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  available: Schema.Struct({ runtime: Schema.Boolean, direct: Schema.Boolean }),
  allowed: Schema.Literals(["yes", "no", "probe"]),
  sample: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
}

type AnyCase = { readonly [K in keyof typeof anyCase]: (typeof anyCase)[K]["Type"] }

const decideAny = ({ allowed, available, defaultMode, listed: orgs, sample, shadowPercent }: AnyCase) =>
  decide({
    rollout: { defaultMode, enabledOrgs: new Set(orgs), shadowPercent },
    available,
    admission: { allowed, reason: allowed },
    sample,
  })

const isDecision = Schema.is(Decision)
const often = { arbitrary: { runs: 500 } }

describe("every decision", () => {
  it.prop(
    "is one that can be stored, names modes that have a target, each once, and says which rule decided",
    anyCase,
    (given) => {
      const decision = decideAny(given)
      assert.strictEqual(decision === undefined, !given.available.runtime && !given.available.direct)
      if (decision === undefined) return
      assert.isTrue(isDecision(decision))
      assert.isAtLeast(decision.order.length, 1)
      assert.strictEqual(new Set(decision.order).size, decision.order.length)
      for (const mode of decision.order)
        assert.isTrue(mode === runtime ? given.available.runtime : given.available.direct)
      assert.lengthOf(
        decision.rules.filter(({ decided }) => decided),
        1,
      )
    },
    often,
  )

  it.prop(
    "that begins in direct mode never goes to the runtime, and one that begins in the runtime flees where it can",
    anyCase,
    (given) => {
      const decision = decideAny(given)
      if (decision === undefined) return
      const [first, ...rest] = decision.order
      if (first === direct) assert.deepStrictEqual(rest, [])
      else assert.deepStrictEqual(rest, given.available.direct ? [direct] : [])
    },
    often,
  )

  it.prop(
    "keeps from a runtime whose breaker is open, unless there is nothing else",
    anyCase,
    (given) => {
      const decision = decideAny({ ...given, allowed: "no" })
      if (decision?.order[0] === runtime) assert.isFalse(given.available.direct)
      assert.isFalse(decision?.probe ?? false)
    },
    often,
  )

  it.prop(
    "is a probe exactly when the breaker said so, and then goes to the runtime",
    anyCase,
    (given) => {
      const decision = decideAny(given)
      if (decision?.probe) {
        assert.strictEqual(given.allowed, "probe")
        assert.strictEqual(decision.order[0], runtime)
      } else if (decision?.order[0] === runtime) assert.notStrictEqual(given.allowed, "probe")
    },
    often,
  )
})

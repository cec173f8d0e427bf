import { assert, describe, it } from "@effect/vitest"
import { placeOf } from "../../src/domain/Bucket.ts"
import { cohortOf } from "../../src/domain/Cohort.ts"
import type { Decision } from "../../src/domain/Decision.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import { sessionId } from "../support/fixtures.ts"
import {
  runtime,
  direct,
  yes,
  no,
  probe,
  type Case,
  decide,
  toRuntime,
  listed,
  others,
  denied,
  rule,
  back,
  ordered,
  noDirect,
  noRuntime,
} from "./deciding.ts"

/** name, case, order, reason, the rules that were looked at with the one that decided in capitals. */
const table: ReadonlyArray<readonly [string, Case, ReadonlyArray<ExecutionMode>, string, string]> = [
  [
    "direct is the default",
    {},
    [direct],
    "default_mode",
    "forced denied_orgs enabled_orgs percentage DEFAULT_MODE",
  ],
  [
    "the runtime is the default",
    { settings: toRuntime },
    [runtime, direct],
    "default_mode",
    "forced denied_orgs enabled_orgs percentage DEFAULT_MODE breaker",
  ],
  [
    "the organisation is listed",
    { settings: { ...listed, rules: [back] } },
    [runtime, direct],
    "enabled_orgs",
    "forced denied_orgs ENABLED_ORGS breaker",
  ],
  [
    "another organisation is listed, and another denied",
    { settings: others },
    [direct],
    "default_mode",
    "forced denied_orgs enabled_orgs percentage DEFAULT_MODE",
  ],
  [
    "the organisation is denied, although other rules prefer the runtime",
    { settings: { ...toRuntime, ...listed, ...denied, percentage: 100 }, request: { cohort: "treatment" } },
    [direct],
    "denied_orgs",
    "forced DENIED_ORGS",
  ],
  [
    "a rule matches before the percentage is evaluated",
    { settings: { rules: [rule], percentage: 100 }, request: { needsTools: true } },
    [runtime, direct],
    "rule:tools",
    "forced denied_orgs enabled_orgs RULE:TOOLS breaker",
  ],
  [
    "the first rule that matches decides",
    { settings: { ...toRuntime, rules: [rule, back, { ...back, name: "late", mode: runtime }] } },
    [direct],
    "rule:short",
    "forced denied_orgs enabled_orgs rule:tools RULE:SHORT",
  ],
  [
    "the percentage includes the session",
    { settings: { percentage: 100 } },
    [runtime, direct],
    "percentage",
    "forced denied_orgs enabled_orgs PERCENTAGE breaker",
  ],
  [
    "the session is in the control: the default mode decides",
    { settings: { percentage: 100 }, request: { cohort: "control" } },
    [direct],
    "default_mode",
    "forced denied_orgs enabled_orgs percentage DEFAULT_MODE",
  ],
  [
    "the breaker is open",
    { settings: toRuntime, admission: no },
    [direct],
    "breaker",
    "forced denied_orgs enabled_orgs percentage default_mode BREAKER",
  ],
  [
    "the breaker is open for one that is listed",
    { settings: listed, admission: no },
    [direct],
    "breaker",
    "forced denied_orgs enabled_orgs BREAKER",
  ],
  [
    "this turn is the probe",
    { settings: listed, admission: probe },
    [runtime, direct],
    "breaker_probe",
    "forced denied_orgs ENABLED_ORGS breaker",
  ],
  [
    "the breaker is open and there is no direct mode",
    { settings: toRuntime, admission: no, available: noDirect },
    [runtime],
    "default_mode",
    "forced denied_orgs enabled_orgs percentage DEFAULT_MODE breaker",
  ],
  [
    "the runtime is preferred but not configured",
    { settings: listed, available: noRuntime },
    [direct],
    "configured",
    "forced denied_orgs enabled_orgs CONFIGURED",
  ],
  [
    "direct is preferred but not configured",
    { available: noDirect },
    [runtime],
    "configured",
    "forced denied_orgs enabled_orgs percentage default_mode CONFIGURED breaker",
  ],
  [
    "an operator override to direct mode: no other rule is evaluated",
    { settings: { ...toRuntime, ...listed }, forced: ordered(direct) },
    [direct],
    "forced",
    "FORCED",
  ],
  [
    "an operator override to the runtime: no list, no breaker, and direct mode is still the fallback",
    { settings: denied, forced: ordered(runtime), admission: no },
    [runtime, direct],
    "forced",
    "FORCED",
  ],
  [
    "the caller chose the runtime, although a rule prefers direct mode",
    { settings: { rules: [back] }, request: { requested: runtime } },
    [runtime, direct],
    "requested",
    "forced denied_orgs REQUESTED breaker",
  ],
  [
    "the caller chose direct mode in an organisation that is listed",
    { settings: listed, request: { requested: direct } },
    [direct],
    "requested",
    "forced denied_orgs REQUESTED",
  ],
  [
    "the caller chose the runtime, and its organisation is denied",
    { settings: denied, request: { requested: runtime } },
    [direct],
    "denied_orgs",
    "forced DENIED_ORGS",
  ],
  [
    "the caller chose direct mode under an operator override to the runtime",
    { request: { requested: direct }, forced: ordered(runtime) },
    [runtime, direct],
    "forced",
    "FORCED",
  ],
  [
    "the caller chose the runtime, whose breaker is open",
    { request: { requested: runtime }, admission: no },
    [direct],
    "breaker",
    "forced denied_orgs requested BREAKER",
  ],
  [
    "the caller chose a mode without a target",
    { request: { requested: runtime }, available: noRuntime },
    [direct],
    "configured",
    "forced denied_orgs requested CONFIGURED",
  ],
  [
    "the caller chose direct mode while an interrupt waits",
    { request: { requested: direct, awaitsAnswer: true } },
    [runtime],
    "interrupt",
    "forced denied_orgs requested INTERRUPT breaker",
  ],
  [
    "an operator override to a runtime that is not configured",
    { forced: ordered(runtime), available: noRuntime },
    [direct],
    "configured",
    "forced CONFIGURED",
  ],
]

const traceOf = (decision: Decision | undefined) =>
  decision?.rules.map(({ decided, rule }) => (decided ? rule.toUpperCase() : rule)).join(" ")

describe("the mode decision", () => {
  it.each(table)("%s", (_, given, order, reason, trace) => {
    const decision = decide(given)
    assert.deepStrictEqual([decision?.order, decision?.reason], [order, reason])
    assert.strictEqual(traceOf(decision), trace)
    assert.strictEqual(decision?.probe, given.admission === probe)
  })

  it("decides nothing without a usable target", () => {
    assert.isUndefined(decide({ settings: listed, available: { runtime: false, direct: false } }))
    assert.isUndefined(decide({ settings: denied, available: noDirect }))
    assert.isUndefined(decide({ forced: ordered(direct), available: noDirect }))
  })

  it("gives the result of each rule in words", () => {
    const words = (given: Case) => decide(given)?.rules.map(({ result }) => result)
    assert.deepStrictEqual(words({ settings: toRuntime, admission: no }), [
      "no operator override",
      "no organisation is listed",
      "no organisation is listed",
      "0 %: nothing is rolled out",
      "runtime_orchestrator",
      "error rate 1 > 0.5 over 10 attempts",
    ])
    assert.deepStrictEqual(words({ settings: { ...others, rules: [rule, back] }, available: noDirect }), [
      "no operator override",
      "the organisation is not listed",
      "the organisation is not listed",
      "needsTools does not hold",
      "direct_llm",
      "direct_llm is not configured",
      "closed",
    ])
    assert.deepStrictEqual(words({ forced: ordered(direct) }), ["the night of the move"])
    const place = placeOf("rollout", sessionId)
    const asked = words({ settings: { percentage: 0.5 } })?.at(-2)
    assert.strictEqual(asked, `${cohortOf(place, 0.005)}: place ${place.toFixed(4)} at 0.5 %`)
    assert.strictEqual(words({ request: { cohort: "control" } })?.at(-2), "control, as before")
  })
})

describe("a mode that the caller chose", () => {
  it("puts the session in no cohort, keeps the one it has out of the decision, and is never sampled", () => {
    const settings = { percentage: 100, shadowPercentage: 100 }
    for (const requested of [runtime, direct] as const)
      for (const cohort of [null, "treatment", "control"] as const) {
        const decision = decide({ settings, request: { requested, cohort } })
        assert.strictEqual(decision?.reason, "requested")
        assert.notProperty(decision, "cohort")
        assert.notProperty(decision, "shadow")
      }
    // The operator's override decides, and the turn is still not typical.
    const forced = decide({ settings, request: { requested: direct }, forced: ordered(runtime) })
    assert.notProperty(forced, "shadow")
  })
})

describe("a turn with a pending interrupt", () => {
  const request = { awaitsAnswer: true }
  it("has only the runtime, under any settings and breaker", () => {
    const breakers = [yes, no]
    for (const admission of breakers)
      for (const settings of [{}, toRuntime, { percentage: 100 }]) {
        const decision = decide({ settings: { ...settings, shadowPercentage: 100 }, request, admission })
        assert.deepStrictEqual(decision?.order, [runtime])
        assert.strictEqual(decision?.reason, "interrupt")
        assert.isUndefined(decision?.shadow)
      }
  })

  it("has no mode if the turn may not use the runtime, or there is none", () => {
    assert.isUndefined(decide({ settings: denied, request }))
    assert.isUndefined(decide({ forced: ordered(direct), request }))
    assert.isUndefined(decide({ settings: toRuntime, available: noRuntime, request }))
  })
})

describe("fault 13: a shadow", () => {
  const shadow = (given: Case) =>
    decide({ settings: { shadowPercentage: 100, ...given.settings }, ...given })?.shadow

  it("uses the other mode, and none if the turn may not use the runtime", () => {
    assert.strictEqual(shadow({}), runtime)
    assert.strictEqual(shadow({ settings: { shadowPercentage: 100, ...toRuntime } }), direct)
    assert.isUndefined(shadow({ settings: { shadowPercentage: 100, ...denied } }))
    assert.isUndefined(shadow({ forced: ordered(direct) }))
    assert.isUndefined(shadow({ settings: { shadowPercentage: 0 } }))
  })
})

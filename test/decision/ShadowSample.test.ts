import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type Reach, sampled, type ShadowShare } from "../../src/decision/ShadowSample.ts"
import type { Decision } from "../../src/domain/Decision.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"

const both: Reach = { runtime: true, direct: true, neverRuntime: false }
const shadowOf = (decision: Decision, share: ShadowShare, reach: Reach, draw: number) =>
  sampled(decision, share, reach, draw).shadow
const decision = (mode: ExecutionMode, fields: Partial<Decision> = {}): Decision => ({
  order: [mode],
  reason: "default_mode",
  probe: false,
  rules: [],
  ...fields,
})

/** A hundred thousand draws, evenly spaced in [0, 1). */
const shares = (mode: ExecutionMode, percent: number, samePercent: number) => {
  const draws = 100_000
  const found = { runtime_orchestrator: 0, direct_llm: 0 }
  for (let n = 0; n < draws; n++) {
    const shadow = shadowOf(decision(mode), { percent, samePercent }, both, n / draws)
    if (shadow !== undefined) found[shadow] += 1 / draws
  }
  return found
}

const percent = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))

describe("the shadow sample", () => {
  it.prop(
    "has the configured share of the turns and of A/A turns, in either direction",
    { percent, same: percent, mode: Schema.Literals(["runtime_orchestrator", "direct_llm"]) },
    ({ mode, percent, same }) => {
      const found = shares(mode, percent, same)
      const aa = (percent / 100) * (same / 100)
      const own = found[mode]
      const other = found[mode === "direct_llm" ? "runtime_orchestrator" : "direct_llm"]
      assert.closeTo(own, aa, 1e-4)
      assert.closeTo(other, percent / 100 - aa, 1e-4)
    },
    { arbitrary: { runs: 20 } },
  )

  const all = { percent: 100, samePercent: 20 }

  it("excludes the breaker's probe and turns that it kept from the runtime", () => {
    const probe = decision("runtime_orchestrator", { probe: true, reason: "breaker_probe" })
    assert.isUndefined(shadowOf(probe, all, both, 0))
    assert.isUndefined(shadowOf(decision("direct_llm", { reason: "breaker" }), all, both, 0.5))
  })

  it("is empty if one mode has no target or the turn may not use the runtime", () => {
    for (const reach of [{ runtime: false }, { direct: false }, { neverRuntime: true }])
      assert.isUndefined(shadowOf(decision("direct_llm"), all, { ...both, ...reach }, 0))
  })
})

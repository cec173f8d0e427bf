import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as ShadowLoad from "../../src/shadow/ShadowLoad.ts"

const idle: ShadowLoad.Measures = { shadows: 0, turns: 1, utilization: 0.1, breakerOpen: false }
const refusal = (
  measures: Partial<ShadowLoad.Measures>,
  mode: "direct_llm" | "runtime_orchestrator" = "direct_llm",
) => ShadowLoad.refusal(mode, { ...idle, ...measures })

describe("room for a shadow", () => {
  it.prop(
    "is a tenth of the turns under way at most, one at least, and never without a bound",
    { turns: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })) },
    ({ turns }) => {
      const places = ShadowLoad.places(turns)
      assert.isAtLeast(places, 1)
      assert.isAtMost(places, 50)
      if (places > 1) assert.isAtMost(places, turns / 10)
      assert.isUndefined(refusal({ turns, shadows: places - 1 }))
      assert.strictEqual(refusal({ turns, shadows: places }), "dropped_busy")
    },
  )

  it("is none in a busy process", () => {
    assert.strictEqual(refusal({ utilization: 0.95 }), "dropped_load")
    assert.isUndefined(refusal({ utilization: 0.8 }))
  })

  it("is none at a runtime whose breaker is open, and does not affect the other mode", () => {
    assert.strictEqual(refusal({ breakerOpen: true }, "runtime_orchestrator"), "dropped_breaker")
    assert.isUndefined(refusal({ breakerOpen: true }, "direct_llm"))
  })
})

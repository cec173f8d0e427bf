import { assert, describe, it } from "@effect/vitest"
import { rowOf, watch } from "./FeedbackModel.ts"

const seeds = 60

describe("the guardrail of feedback on simulated ratings", () => {
  it("calls two equal modes as good, and never worse", () => {
    const row = rowOf(0, seeds)
    assert.strictEqual(row.worse, 0)
    assert.isAtLeast(row.asGoodFirst, 0.95)
  })

  it("sees ten points more thumbs down within a week, and twenty before it calls them as good", () => {
    assert.isAtLeast(rowOf(0.1, seeds).worse, 0.9)
    const clear = rowOf(0.2, seeds)
    assert.deepInclude(clear, { worse: 1, asGoodFirst: 0 })
    assert.isBelow(clear.ratingsToWorse[1]!, 600)
  })

  it("the same seed gives the same result", () => {
    assert.deepStrictEqual(watch(7, 0.1), watch(7, 0.1))
  })
})

import { assert, describe, it } from "@effect/vitest"
import { type Dimension, dimensions } from "../../src/domain/ShadowPair.ts"
import { periodsOf, series } from "../../src/shadow/ShadowSeries.ts"
import type { ShadowBucket } from "../../src/store/ShadowPairs.ts"

const day = 86_400_000
const now = 100 * day

const bucket = (at: number, same: boolean, text: { of: number; hits: number }): ShadowBucket => {
  const of = (dimension: Dimension) => (dimension === "text" ? text : { of: 0, hits: 0 })
  return {
    at,
    same,
    pairs: text.of,
    dimensions: Object.fromEntries(
      dimensions.map((dimension) => [dimension, of(dimension)]),
    ) as ShadowBucket["dimensions"],
  }
}

describe("the series of shadow pairs", () => {
  it("covers a week by default, and the last period includes the present", () => {
    const { since, widthMs } = periodsOf(now, undefined, 28)
    assert.strictEqual(since, now - 7 * day)
    assert.strictEqual(Math.floor((now - since) / widthMs), 27)
  })

  it("has no period shorter than a minute", () => {
    assert.strictEqual(periodsOf(now, now - 1000, 100).widthMs, 60_000)
    assert.strictEqual(periodsOf(now, now + day, 100).widthMs, 60_000)
  })

  it("puts the pairs of two modes beside those of one mode", () => {
    const buckets = [
      bucket(0, false, { of: 10, hits: 4 }),
      bucket(0, true, { of: 5, hits: 5 }),
      bucket(60_000, true, { of: 2, hits: 1 }),
    ]
    const { points } = series(0, 60_000, buckets)
    const text = points.map(({ at, dimensions: all, pairs, samePairs }) => {
      const found = all.find(({ dimension }) => dimension === "text")
      return [at, pairs, samePairs, found?.agreement.rate, found?.noise.rate]
    })
    assert.deepStrictEqual(text, [
      [0, 10, 5, 0.4, 1],
      [60_000, 0, 2, 0, 0.5],
    ])
  })
})

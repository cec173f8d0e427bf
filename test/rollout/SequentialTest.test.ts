import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { sampleRatio } from "../../src/rollout/SampleRatio.ts"
import * as SequentialTest from "../../src/rollout/SequentialTest.ts"
import { chanceOf } from "./samples.ts"

const estimateOfSessions = (sessions: ReadonlyArray<ReadonlyArray<number>>, event = 0) => {
  const moments = SequentialTest.emptyMoments()
  for (const values of sessions) {
    values.forEach((value, n) => {
      const sum = values.slice(0, n).reduce((total, one) => total + one, 0)
      SequentialTest.observe(moments, n, sum, value)
    })
  }
  return SequentialTest.estimate(moments, event)
}

/** Sessions of one to four runs that fail or not, one session in ten much more often. */
const session = (chance: () => number) => {
  const rate = chance() < 0.1 ? 0.2 : 0.02
  const values = [chance() < rate ? 1 : 0]
  while (chance() < 0.6 && values.length < 4) values.push(chance() < rate ? 1 : 0)
  return values
}

/** True if the treatment is ever called worse, tested after every pair of sessions from the hundredth on. */
const everWorse = (seed: number, bound: (t: number) => number) => {
  const chance = chanceOf(seed)
  const cohorts = [SequentialTest.emptyMoments(), SequentialTest.emptyMoments()] as const
  for (let t = 1; t <= 2000; t++) {
    for (const moments of cohorts) {
      let sum = 0
      session(chance).forEach((value, n) => {
        SequentialTest.observe(moments, n, sum, value)
        sum += value
      })
    }
    if (t < 100) continue
    const [treatment, control] = cohorts.map((moments) => SequentialTest.estimate(moments, 1))
    const error = Math.sqrt(treatment!.variance + control!.variance)
    if (treatment!.mean - control!.mean - bound(t) * error > 0) return true
  }
  return false
}

const shareOf = (seeds: number, is: (seed: number) => boolean) =>
  Array.from({ length: seeds }, (_, seed) => is(seed + 1)).filter(Boolean).length / seeds

describe("the sequential test", () => {
  it("calls two equal cohorts different less often than alpha, when tested after every session", () => {
    for (const alpha of [0.1, 0.02]) {
      const found = shareOf(300, (seed) => everWorse(seed, (t) => SequentialTest.standardErrors(t, alpha)))
      assert.isAtMost(found, alpha)
    }
  })

  it("a fixed-sample bound is wrong many times as often under repeated tests", () => {
    const normalQuantile = 1.2816
    assert.isAbove(
      shareOf(300, (seed) => everWorse(seed, () => normalQuantile)),
      0.3,
    )
  })

  it("is at most twice as wide as a fixed-sample bound", () => {
    for (const t of [100, 500, 2000, 10_000]) {
      assert.isBelow(SequentialTest.standardErrors(t, 0.05), 2 * 1.645)
      assert.isAbove(SequentialTest.standardErrors(t, 0.05), 1.645)
      assert.isBelow(SequentialTest.standardErrors(t, 0.05), SequentialTest.standardErrors(t, 0.001))
    }
  })

  it("gives correlated runs of one session less weight than as many sessions", () => {
    const alike = estimateOfSessions(Array.from({ length: 50 }, (_, i) => Array(4).fill(i % 2)))
    const apart = estimateOfSessions(Array.from({ length: 200 }, (_, i) => [i % 2]))
    assert.strictEqual(alike.mean, apart.mean)
    assert.closeTo(alike.variance, 4 * apart.variance, 1e-12)
  })

  it("does not treat an unobserved event as impossible", () => {
    const none = estimateOfSessions(
      Array.from({ length: 100 }, () => [0]),
      1,
    )
    assert.strictEqual(none.mean, 0)
    assert.closeTo(none.variance, 1e-4, 1e-12)
  })

  it.prop(
    "sums run by run equal the sums of the whole sessions",
    [Schema.Array(Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))))],
    ([sessions]) => {
      if (sessions.length === 0) return
      const n = sessions.reduce((sum, values) => sum + values.length, 0)
      const total = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0)
      const mean = total(sessions.map(total)) / n
      const squares = total(sessions.map((values) => (total(values) - mean * values.length) ** 2))
      const found = estimateOfSessions(sessions)
      assert.closeTo(found.mean, mean, 1e-9)
      assert.closeTo(found.variance, squares / n ** 2, 1e-6 * (1 + squares / n ** 2))
    },
  )
})

describe("the sample ratio", () => {
  const everMismatch = (seed: number, expected: number, share: number) => {
    const chance = chanceOf(seed)
    let treatment = 0
    for (let total = 1; total <= 3000; total++) {
      if (chance() < share) treatment += 1
      if (sampleRatio(treatment, total - treatment, expected).mismatch) return true
    }
    return false
  }

  it("hardly ever reports a mismatch for the expected share, when tested after every session", () => {
    assert.isAtMost(
      shareOf(300, (seed) => everMismatch(seed, 0.5, 0.5)),
      0.01,
    )
    assert.isAtMost(
      shareOf(300, (seed) => everMismatch(seed, 0.75, 0.75)),
      0.01,
    )
  })

  it("detects a cohort that loses a fifth of its sessions within three thousand sessions", () => {
    assert.isAtLeast(
      shareOf(100, (seed) => everMismatch(seed, 0.5, 0.8 / 1.8)),
      0.95,
    )
  })

  it("reports the expected and the actual share, and no mismatch without sessions", () => {
    assert.deepStrictEqual(sampleRatio(0, 0, 0.5), { expected: 0.5, found: null, pValue: 1, mismatch: false })
    const { found, mismatch, pValue } = sampleRatio(100, 300, 0.5)
    assert.strictEqual(found, 0.25)
    assert.isTrue(mismatch)
    assert.isBelow(pValue, 1e-9)
  })
})

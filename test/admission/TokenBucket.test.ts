import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type Bucket, minuteMs, take } from "../../src/admission/TokenBucket.ts"
import { Buckets } from "../../src/admission/RatesMemory.ts"

/** The answers for requests at these intervals, in milliseconds. */
const run = (limit: number, gaps: ReadonlyArray<number>) => {
  let bucket: Bucket | undefined
  let now = 0
  return gaps.map((gap) => {
    now += gap
    const asked = take(bucket, limit, now)
    bucket = asked.bucket
    return { ...asked.taken, now }
  })
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const gaps = Schema.NonEmptyArray(between(0, 5000))
const limits = between(1, 300)

describe("a token bucket", () => {
  it.prop(
    "X9: never allows more than the limit plus the refill, from any moment on",
    [limits, gaps],
    ([limit, gaps]) => {
      const allowed = run(limit, gaps).filter((taken) => taken.allowed)
      for (const [index, first] of allowed.entries()) {
        const last = allowed.at(-1)!
        const most = limit + ((last.now - first.now) * limit) / minuteMs
        assert.isAtMost(allowed.length - index, Math.floor(most + 1e-6))
      }
    },
  )

  it.prop("allows the next turn exactly after the stated wait", [limits, gaps], ([limit, gaps]) => {
    for (const refused of run(limit, [...gaps, ...gaps.map(() => 0)]).filter(({ allowed }) => !allowed)) {
      assert.isAbove(refused.retryMs, 0)
      assert.isAtMost(refused.retryMs, minuteMs / limit)
      assert.strictEqual(refused.remaining, 0)
    }
    let bucket: Bucket | undefined
    for (let index = 0; index < limit; index++) bucket = take(bucket, limit, 0).bucket
    const { retryMs } = take(bucket, limit, 0).taken
    assert.isFalse(take(bucket, limit, retryMs - 0.1).taken.allowed)
    assert.isTrue(take(bucket, limit, retryMs + 0.1).taken.allowed)
  })

  it("takes nothing for a refusal, and refills nothing early if the clock steps back", () => {
    const [first, ...refused] = run(1, [0, 10, 10, 10])
    assert.isTrue(first?.allowed)
    assert.deepStrictEqual(
      refused.map(({ allowed }) => allowed),
      [false, false, false],
    )
    assert.isTrue(run(1, [0, 30_000, 30_000]).at(-1)?.allowed)
    assert.isFalse(run(1, [60_000, -30_000, 30_000]).at(-1)?.allowed)
  })
})

describe("the buckets of a process", () => {
  it("are those of the last two minutes: a million users do not accumulate", () => {
    const buckets = new Buckets()
    let most = 0
    for (let user = 0; user < 1_000_000; user++) {
      buckets.take(`user ${user}`, 60, user)
      most = Math.max(most, buckets.size)
    }
    assert.isAtMost(most, 2 * minuteMs)
  })

  it("keep every user of the last minute", () => {
    const buckets = new Buckets()
    buckets.take("often", 1, 0)
    for (let now = 0; now < 55_000; now += 500) buckets.take(`other ${now}`, 1, now)
    assert.isFalse(buckets.take("often", 1, 55_000).allowed)
    assert.isTrue(buckets.take("often", 1, 60_001).allowed)
  })
})

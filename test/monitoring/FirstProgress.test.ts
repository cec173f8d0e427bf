/** The baseline of first progress, the limit of an attempt, and silence. */
import { assert, describe, it } from "@effect/vitest"
import * as HashMap from "effect/HashMap"
import * as Baseline from "../../src/monitoring/evidence/Baseline.ts"
import * as Running from "../../src/monitoring/evidence/Running.ts"
import { defaultPolicy } from "../../src/monitoring/Policy.ts"
import * as OrderedMap from "../../src/platform/OrderedMap.ts"
import { org, start } from "./schedules.ts"

const minute = 60_000
/** A histogram is 5 % off at most. */
const about = (value: number, expected: number) => assert.approximately(value, expected, expected * 0.05)

const learn = (before: Baseline.Baseline, ms: number, samples: number, now: number): Baseline.Baseline => {
  let baseline = before
  for (let n = 0; n < samples; n++) baseline = Baseline.record(baseline, defaultPolicy, ms, now)
  return baseline
}

describe("the first-progress limit", () => {
  it("is 2.5 times the p99 of 200 healthy attempts, from 5 s to 45 s", () => {
    const limitAfter = (ms: number, samples: number) => {
      let baseline = Baseline.make(start)
      baseline = learn(baseline, ms, samples, start)
      return Baseline.limitMs(baseline, defaultPolicy)
    }
    about(limitAfter(4000, 200), 10_000)
    assert.strictEqual(limitAfter(100, 200), 5000)
    assert.strictEqual(limitAfter(60_000, 200), 45_000)
  })

  it("is 15 s until 20 attempts, then follows the longest of them with a margin that shrinks", () => {
    const limitAfter = (samples: number, longestMs: number) => {
      let baseline = Baseline.make(start)
      baseline = learn(baseline, 500, samples - 1, start)
      baseline = learn(baseline, longestMs, 1, start)
      return Baseline.limitMs(baseline, defaultPolicy)
    }
    assert.strictEqual(limitAfter(19, 2000), 15_000)
    assert.strictEqual(limitAfter(20, 2000), 2.5 * 2 * 2000)
    assert.strictEqual(limitAfter(100, 2000), 2.5 * 1.2 * 2000)
    assert.strictEqual(limitAfter(20, 14_000), 15_000, "no longer than without any")
    assert.strictEqual(limitAfter(20, 500), 5000)
  })

  it("continues with the p99 of another process, and moves from there as usual", () => {
    let baseline = Baseline.make(start)
    baseline = learn(baseline, 100, 30, start)
    baseline = Baseline.adopt(4000, start)
    assert.strictEqual(Baseline.limitMs(baseline, defaultPolicy), 10_000)
    baseline = learn(baseline, 40_000, 200, start + 10 * minute)
    assert.approximately(Baseline.limitMs(baseline, defaultPolicy), 11_000, 1e-6)
  })

  it("moves by at most a tenth in ten minutes", () => {
    let baseline = Baseline.make(start)
    baseline = learn(baseline, 4000, 200, start)
    const first = Baseline.limitMs(baseline, defaultPolicy)
    const factor = () => Baseline.limitMs(baseline, defaultPolicy) / first
    baseline = learn(baseline, 40_000, 1000, start + 9 * minute)
    assert.strictEqual(factor(), 1)
    baseline = learn(baseline, 40_000, 1, start + 10 * minute)
    assert.approximately(factor(), 1.1, 1e-9)
    baseline = learn(baseline, 100, 1000, start + 19 * minute)
    assert.approximately(factor(), 1.1, 1e-9)
    baseline = learn(baseline, 100, 1, start + 20 * minute)
    assert.approximately(factor(), 0.99, 1e-9)
    baseline = learn(baseline, 100, 199, start + 40 * minute)
    assert.approximately(factor(), 0.99, 1e-9, "each period needs 200 of its own")
    baseline = learn(baseline, 100, 1, start + 40 * minute)
    assert.approximately(factor(), 0.891, 1e-9)
  })
})

describe("silence", () => {
  const waiting = (count: number) => {
    let running = Running.empty
    for (let n = 0; n < count; n++) running = Running.start(running, n, org(n), start + n * 10)
    return running
  }

  it("needs ten attempts or more, for 4 s or longer when first progress takes long", () => {
    assert.isUndefined(Running.silence(waiting(9), defaultPolicy, 1000, start + 60_000))
    assert.deepStrictEqual(Running.silence(waiting(10), defaultPolicy, 1000, start + 5000), {
      waiting: 10,
      quietMs: 5000,
      limitMs: 4000,
    })
    assert.strictEqual(Running.silence(waiting(10), defaultPolicy, 20_000, start)?.limitMs, 30_000)
  })

  it("starts with the start of the youngest attempt that has shown progress", () => {
    let running = waiting(12)
    running = Running.progress(running, 1)
    assert.strictEqual(Running.silence(running, defaultPolicy, 1000, start + 5000)?.quietMs, 4990)
    running = Running.progress(running, 0)
    assert.strictEqual(Running.silence(running, defaultPolicy, 1000, start + 5000)?.quietMs, 4990)
  })

  it("ends with the attempts", () => {
    let running = waiting(12)
    for (let n = 0; n < 12; n++) running = Running.end(running, n)
    assert.deepInclude(running, { waiting: 0 })
    assert.strictEqual(HashMap.size(running.byOrg), 0)
    running = Running.start(running, 20, org(1), start + 60_000)
    assert.strictEqual(running.quietSince, start + 60_000)
  })

  it("ends when the attempts are removed, all or those of one organisation", () => {
    let running = waiting(12)
    running = Running.withdraw(running, org(3))
    assert.deepInclude(running, { waiting: 11 })
    assert.isFalse(HashMap.has(running.byOrg, org(3)))
    assert.strictEqual(Running.overdue(running, 4960, start + 5000).size, 4)
    running = Running.clear(running)
    assert.deepInclude(running, { waiting: 0 })
    assert.strictEqual(OrderedMap.size(running.attempts) + HashMap.size(running.byOrg), 0)
  })

  it("the next attempt of a turn replaces its last one", () => {
    let running = waiting(2)
    running = Running.start(running, 0, org(0), start + 1000)
    assert.deepInclude(running, { waiting: 2 })
    assert.deepStrictEqual([...HashMap.values(running.byOrg)], [1, 1])
  })

  it("an attempt counts once, although its events arrive twice", () => {
    let running = waiting(1)
    running = Running.progress(running, 0)
    assert.strictEqual(Running.progress(running, 0), running)
    running = Running.end(running, 0)
    assert.strictEqual(Running.end(running, 0), running)
    assert.strictEqual(running.waiting, 0)
  })
})

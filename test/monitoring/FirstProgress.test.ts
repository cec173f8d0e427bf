/** What is known of first progress: the baseline, the limit of an attempt, and the silence of all. */
import { assert, describe, it } from "@effect/vitest"
import * as Baseline from "../../src/monitoring/evidence/Baseline.ts"
import * as Running from "../../src/monitoring/evidence/Running.ts"
import { org, start } from "./schedules.ts"

const minute = 60_000
/** A histogram is 5 % off at most. */
const about = (value: number, expected: number) => assert.approximately(value, expected, expected * 0.05)

const learn = (baseline: Baseline.Baseline, ms: number, samples: number, now: number) => {
  for (let n = 0; n < samples; n++) Baseline.record(baseline, ms, now)
}

describe("the first-progress limit", () => {
  it("is 2.5 times the p99 of 200 healthy attempts, from 5 s to 45 s", () => {
    const limitAfter = (ms: number, samples: number) => {
      const baseline = Baseline.make(start)
      learn(baseline, ms, samples, start)
      return Baseline.limitMs(baseline)
    }
    about(limitAfter(4000, 200), 10_000)
    assert.strictEqual(limitAfter(100, 200), 5000)
    assert.strictEqual(limitAfter(60_000, 200), 45_000)
  })

  it("is 15 s until 20 attempts are known, then follows the longest of them with a margin that shrinks", () => {
    const limitAfter = (samples: number, longestMs: number) => {
      const baseline = Baseline.make(start)
      learn(baseline, 500, samples - 1, start)
      learn(baseline, longestMs, 1, start)
      return Baseline.limitMs(baseline)
    }
    assert.strictEqual(limitAfter(19, 2000), 15_000)
    assert.strictEqual(limitAfter(20, 2000), 2.5 * 2 * 2000)
    assert.strictEqual(limitAfter(100, 2000), 2.5 * 1.2 * 2000)
    assert.strictEqual(limitAfter(20, 14_000), 15_000, "no longer than without any")
    assert.strictEqual(limitAfter(20, 500), 5000)
  })

  it("goes on with what another process has learned, and moves from there as usual", () => {
    const baseline = Baseline.make(start)
    learn(baseline, 100, 30, start)
    Baseline.adopt(baseline, 4000, start)
    assert.strictEqual(Baseline.limitMs(baseline), 10_000)
    learn(baseline, 40_000, 200, start + 10 * minute)
    assert.approximately(Baseline.limitMs(baseline), 11_000, 1e-6)
  })

  it("moves by a tenth in ten minutes, however slow the runtime has become", () => {
    const baseline = Baseline.make(start)
    learn(baseline, 4000, 200, start)
    const first = Baseline.limitMs(baseline)
    const factor = () => Baseline.limitMs(baseline) / first
    learn(baseline, 40_000, 1000, start + 9 * minute)
    assert.strictEqual(factor(), 1)
    learn(baseline, 40_000, 1, start + 10 * minute)
    assert.approximately(factor(), 1.1, 1e-9)
    learn(baseline, 100, 1000, start + 19 * minute)
    assert.approximately(factor(), 1.1, 1e-9)
    learn(baseline, 100, 1, start + 20 * minute)
    assert.approximately(factor(), 0.99, 1e-9)
    learn(baseline, 100, 199, start + 40 * minute)
    assert.approximately(factor(), 0.99, 1e-9, "each period needs 200 of its own")
    learn(baseline, 100, 1, start + 40 * minute)
    assert.approximately(factor(), 0.891, 1e-9)
  })
})

describe("silence", () => {
  const waiting = (count: number) => {
    const running = Running.make<number>()
    for (let n = 0; n < count; n++) Running.start(running, n, org(n), start + n * 10)
    return running
  }

  it("is of ten attempts or more, for 4 s or longer where first progress takes long", () => {
    assert.isUndefined(Running.silence(waiting(9), 1000, start + 60_000))
    assert.deepStrictEqual(Running.silence(waiting(10), 1000, start + 5000), {
      waiting: 10,
      quietMs: 5000,
      limitMs: 4000,
    })
    assert.strictEqual(Running.silence(waiting(10), 20_000, start)?.limitMs, 30_000)
  })

  it("begins with the youngest attempt that has shown progress, not with when it did", () => {
    const running = waiting(12)
    Running.progress(running, 1)
    assert.strictEqual(Running.silence(running, 1000, start + 5000)?.quietMs, 4990)
    Running.progress(running, 0)
    assert.strictEqual(Running.silence(running, 1000, start + 5000)?.quietMs, 4990)
  })

  it("is over when the attempts are", () => {
    const running = waiting(12)
    for (let n = 0; n < 12; n++) Running.end(running, n)
    assert.deepInclude(running, { waiting: 0 })
    assert.strictEqual(running.byOrg.size, 0)
    Running.start(running, 20, org(1), start + 60_000)
    assert.strictEqual(running.quietSince, start + 60_000)
  })

  it("is over when they are forgotten, all or those of an organisation, but for those of others", () => {
    const running = waiting(12)
    Running.withdraw(running, org(3))
    assert.deepInclude(running, { waiting: 11 })
    assert.isFalse(running.byOrg.has(org(3)))
    assert.strictEqual(Running.overdue(running, 4960, start + 5000).size, 4)
    Running.clear(running)
    assert.deepInclude(running, { waiting: 0 })
    assert.strictEqual(running.attempts.size + running.byOrg.size, 0)
  })

  it("a turn's next attempt takes the place of its last one", () => {
    const running = waiting(2)
    Running.start(running, 0, org(0), start + 1000)
    assert.deepInclude(running, { waiting: 2 })
    assert.deepStrictEqual([...running.byOrg.values()], [1, 1])
  })

  it("an attempt is counted once, whatever is said of it twice", () => {
    const running = waiting(1)
    assert.isDefined(Running.progress(running, 0))
    assert.isUndefined(Running.progress(running, 0))
    assert.isDefined(Running.end(running, 0))
    assert.isUndefined(Running.end(running, 0))
    assert.strictEqual(running.waiting, 0)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Tally } from "../../../src/monitoring/evidence/SlidingWindow.ts"
import * as Triggers from "../../../src/monitoring/breaker/Triggers.ts"
import { between, settings } from "../schedules.ts"

const tally = (total: number, part: Partial<Tally> = {}): Tally => ({
  total,
  error: 0,
  timeout: 0,
  latencyMs: 0,
  ...part,
})

const triggerOf = (of: Tally) => Triggers.evaluate(of, settings)?.trigger

describe("Triggers", () => {
  it("no trigger holds exactly at its threshold; each holds at one more", () => {
    assert.isUndefined(triggerOf(tally(100, { error: 50 })))
    assert.strictEqual(triggerOf(tally(100, { error: 51 })), "error_rate")
    assert.isUndefined(triggerOf(tally(100, { timeout: 30 })))
    assert.strictEqual(triggerOf(tally(100, { timeout: 31 })), "timeout_rate")
    assert.isUndefined(triggerOf(tally(100, { latencyMs: 24_000_000 })))
    assert.strictEqual(triggerOf(tally(100, { latencyMs: 24_000_001 })), "latency")
  })

  it.prop(
    "no trigger holds below the least number of samples",
    [
      Schema.Struct({
        total: between(0, 9),
        share: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
      }),
    ],
    ([{ share, total }]) => {
      const timeout = Math.round(total * share)
      const worst = tally(total, { timeout, error: total - timeout, latencyMs: total * 600_000 })
      assert.isUndefined(triggerOf(worst))
    },
  )

  it("no trigger holds for an empty window, even with no least number of samples", () => {
    assert.isUndefined(Triggers.evaluate(tally(0), { ...settings, minSamples: 0 }))
  })

  it("a timeout does not also count as an error", () => {
    assert.isUndefined(triggerOf(tally(100, { error: 40, timeout: 30 })))
  })

  it("the reason has the value, the threshold and the number of attempts", () => {
    const reason = (of: Tally) => {
      const tripped = Triggers.evaluate(of, settings)
      return tripped && Triggers.reasonOf(tripped)
    }
    assert.strictEqual(reason(tally(10, { error: 8 })), "error rate 0.8 > 0.5 over 10 attempts")
    assert.strictEqual(reason(tally(12, { timeout: 4 })), "timeout rate 0.3333 > 0.3 over 12 attempts")
    assert.strictEqual(
      reason(tally(10, { latencyMs: 2_500_000 })),
      "mean latency 250000 ms > 240000 ms over 10 attempts",
    )
  })
})

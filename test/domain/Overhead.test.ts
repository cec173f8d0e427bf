import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { overheadMs } from "../../src/domain/Overhead.ts"

const turn = { startedAt: 1000, endedAt: 2000 }
const attempt = (startedAt: number, endedAt: number) => ({ startedAt, endedAt })

describe("the gateway's own time", () => {
  it("is the whole turn if the turn has no attempt", () => {
    assert.strictEqual(overheadMs(turn, []), 1000)
  })

  it("is the time before, between and after the attempts", () => {
    assert.strictEqual(overheadMs(turn, [attempt(1010, 1400), attempt(1450, 1990)]), 10 + 50 + 10)
  })

  it("counts overlapping attempts once, in any order", () => {
    const overlapping = [attempt(1200, 1900), attempt(1100, 1500), attempt(1300, 1400)]
    assert.strictEqual(overheadMs(turn, overlapping), 100 + 100)
  })

  it("ignores the time of attempts before and after the turn", () => {
    assert.strictEqual(overheadMs(turn, [attempt(0, 1100), attempt(1900, 5000)]), 800)
    assert.strictEqual(overheadMs(turn, [attempt(3000, 5000)]), 1000)
  })

  const Time = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 }))
  const Attempts = Schema.Array(Schema.Struct({ startedAt: Time, endedAt: Time }))
  it.prop(
    "is the number of milliseconds without a running attempt",
    [Time, Time, Attempts],
    ([a, b, attempts]) => {
      const whole = { startedAt: Math.min(a, b), endedAt: Math.max(a, b) }
      const kept = attempts.filter(({ endedAt, startedAt }) => startedAt <= endedAt)
      let own = 0
      for (let at = whole.startedAt; at < whole.endedAt; at++) {
        if (!kept.some(({ endedAt, startedAt }) => startedAt <= at && at < endedAt)) own += 1
      }
      assert.strictEqual(overheadMs(whole, kept), own)
    },
  )
})

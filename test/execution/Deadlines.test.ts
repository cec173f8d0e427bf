import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Deadlines from "../../src/execution/Deadlines.ts"

const millis = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 600_000 }))
const times = {
  firstContentMs: millis,
  stallMs: millis,
  totalMs: millis,
  startedAt: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e12 })),
  sinceStart: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600_000 })),
  bound: Schema.Boolean,
}

type Times = { readonly [K in keyof typeof times]: (typeof times)[K]["Type"] }

const nearest = ({ bound, firstContentMs, sinceStart, stallMs, startedAt, totalMs }: Times) =>
  Deadlines.nearest(
    "runtime",
    { firstContentMs, stallMs, totalMs },
    { startedAt, lastAt: startedAt + sinceStart, bound },
  )

const clocksOf = ({ bound, firstContentMs, sinceStart, stallMs, startedAt, totalMs }: Times) => ({
  ...(bound ? {} : { FirstContentTimeout: { at: startedAt + firstContentMs, afterMs: firstContentMs } }),
  StallTimeout: { at: startedAt + sinceStart + stallMs, afterMs: stallMs },
  TotalTimeout: { at: startedAt + totalMs, afterMs: totalMs },
})

describe("Deadlines", () => {
  it.prop("the nearest is one of the running clocks and never later than any of them", times, (given) => {
    const { at, error: make } = nearest(given)
    const error = make()
    const clocks: Readonly<Record<string, { readonly at: number; readonly afterMs: number } | undefined>> =
      clocksOf(given)
    const own = clocks[error._tag]
    assert.isDefined(own, error._tag)
    assert.strictEqual(at, own?.at)
    assert.deepInclude(error, { upstream: "runtime", afterMs: own?.afterMs })
    for (const clock of Object.values(clocks)) assert.isAtMost(at, clock?.at ?? 0)
  })

  it.prop("content or a call stops the first clock and no other", times, (given) => {
    const { FirstContentTimeout: _, ...rest } = clocksOf({ ...given, bound: false })
    const bound = nearest({ ...given, bound: true })
    assert.strictEqual(bound.at, Math.min(...Object.values(rest).map(({ at }) => at)))
    assert.isAtLeast(bound.at, nearest({ ...given, bound: false }).at)
  })

  it.prop("before anything has come there is only a wait, and no stall", times, (given) => {
    const { firstContentMs, stallMs, startedAt, totalMs } = given
    const limits = { firstContentMs, stallMs, totalMs }
    const { at, error: make } = Deadlines.nearest("runtime", limits, {
      startedAt,
      lastAt: undefined,
      bound: false,
    })
    const error = make()
    assert.strictEqual(at, startedAt + Math.min(firstContentMs, totalMs))
    assert.strictEqual(error._tag, firstContentMs <= totalMs ? "FirstContentTimeout" : "TotalTimeout")
  })

  it.prop("progress moves the stall clock and no other", times, (given) => {
    const later = nearest({ ...given, sinceStart: given.sinceStart + 1 })
    const before = nearest(given)
    assert.isAtLeast(later.at, before.at)
    if (before.error()._tag !== "StallTimeout") assert.deepStrictEqual(later.at, before.at)
  })

  it("of clocks that strike at once the one that says most counts: first content, stall, total", () => {
    const given = {
      firstContentMs: 100,
      stallMs: 100,
      totalMs: 100,
      startedAt: 0,
      sinceStart: 0,
      bound: false,
    }
    assert.strictEqual(nearest(given).error()._tag, "FirstContentTimeout")
    assert.strictEqual(nearest({ ...given, bound: true }).error()._tag, "StallTimeout")
    assert.strictEqual(nearest({ ...given, bound: true, sinceStart: 1 }).error()._tag, "TotalTimeout")
  })
})

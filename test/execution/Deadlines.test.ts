import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Deadlines from "../../src/execution/Deadlines.ts"

const millis = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 600_000 }))
const times = {
  firstContentMs: millis,
  stallMs: millis,
  callMs: millis,
  totalMs: millis,
  startedAt: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e12 })),
  sinceStart: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600_000 })),
  calling: Schema.Boolean,
}

type Times = { readonly [K in keyof typeof times]: (typeof times)[K]["Type"] }

const nearest = ({ calling, sinceStart, startedAt, ...limits }: Times) =>
  Deadlines.nearest("runtime", limits, { startedAt, lastAt: startedAt + sinceStart, calling })

const clocksOf = ({ callMs, calling, sinceStart, stallMs, startedAt, totalMs }: Times) => ({
  ...(calling
    ? { CallTimeout: { at: startedAt + sinceStart + callMs, afterMs: callMs } }
    : { StallTimeout: { at: startedAt + sinceStart + stallMs, afterMs: stallMs } }),
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

  it.prop(
    "any event stops the first clock: from there on only a silence or the total strikes",
    times,
    (given) => {
      const shortest = { ...given, firstContentMs: 1 }
      assert.deepStrictEqual(nearest(shortest).at, nearest(given).at)
      assert.notStrictEqual(nearest(shortest).error()._tag, "FirstContentTimeout")
    },
  )

  it.prop("an open call stops the stall clock, and starts its own", times, (given) => {
    const calling = nearest({ ...given, calling: true, stallMs: 1 })
    assert.strictEqual(calling.at, nearest({ ...given, calling: false, stallMs: given.callMs }).at)
    assert.notStrictEqual(calling.error()._tag, "StallTimeout")
  })

  it.prop("an open call uses the stall limit if there is no call limit", times, (given) => {
    const { callMs: _, calling: __, sinceStart, startedAt, ...limits } = given
    const progress = { startedAt, lastAt: startedAt + sinceStart }
    const calling = Deadlines.nearest("runtime", limits, { ...progress, calling: true })
    const idle = Deadlines.nearest("runtime", limits, { ...progress, calling: false })
    assert.deepStrictEqual([calling.at, calling.error()._tag], [idle.at, idle.error()._tag])
  })

  it.prop("before the first event there is only a wait, and no stall", times, (given) => {
    const { firstContentMs, sinceStart: _, startedAt, totalMs } = given
    const { at, error: make } = Deadlines.nearest("runtime", given, {
      startedAt,
      lastAt: undefined,
      calling: false,
    })
    const error = make()
    assert.strictEqual(at, startedAt + Math.min(firstContentMs, totalMs))
    assert.strictEqual(error._tag, firstContentMs <= totalMs ? "FirstContentTimeout" : "TotalTimeout")
  })

  it.prop("where the first clock never strikes the total does", times, (given) => {
    const { startedAt, totalMs } = given
    const limits = { ...given, firstContentMs: Number.POSITIVE_INFINITY }
    const { at, error } = Deadlines.nearest("runtime", limits, {
      startedAt,
      lastAt: undefined,
      calling: false,
    })
    assert.deepStrictEqual([at, error()._tag], [startedAt + totalMs, "TotalTimeout"])
  })

  it.prop("progress moves the clock of silence and no other", times, (given) => {
    const later = nearest({ ...given, sinceStart: given.sinceStart + 1 })
    const before = nearest(given)
    assert.isAtLeast(later.at, before.at)
    if (before.error()._tag === "TotalTimeout") assert.deepStrictEqual(later.at, before.at)
  })

  it("the clock that says most counts where several strike at once: the total last", () => {
    const given = {
      firstContentMs: 100,
      stallMs: 100,
      callMs: 100,
      totalMs: 100,
      startedAt: 0,
      sinceStart: 0,
      calling: false,
    }
    assert.strictEqual(nearest(given).error()._tag, "StallTimeout")
    assert.strictEqual(nearest({ ...given, calling: true }).error()._tag, "CallTimeout")
    assert.strictEqual(nearest({ ...given, sinceStart: 1 }).error()._tag, "TotalTimeout")
  })
})

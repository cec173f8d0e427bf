/** The limits of the breaker policy, each at its boundary, as a caller of the Monitor sees them. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Outcome } from "../../src/domain/Outcome.ts"
import { Monitor, type MonitorSettings } from "../../src/monitoring/Monitor.ts"
import { admit, record, status } from "./monitorTurns.ts"
import { org, settings, start } from "./schedules.ts"

const test = (name: string, own: Partial<MonitorSettings>, body: Effect.Effect<void, never, Monitor>) =>
  it.effect(name, () =>
    Effect.andThen(TestClock.setTime(start), Effect.provide(body, Monitor.layer({ ...settings, ...own }))),
  )

/** The window's thresholds never trip: only the counters can. */
const countersOnly = { minSamples: 1_000_000 }

/** A turn without latency, in the runtime if it may. */
const turn = Effect.fnUntraced(function* (number: number, outcome: Outcome) {
  const monitor = yield* Monitor
  const { allowed, ticket } = yield* admit(org(number))
  if (allowed === "no") return
  const { progressed } = yield* monitor.watch(org(number), ticket)
  if (outcome === "success") progressed()
  yield* record(org(number), outcome, ticket, 0)
})

const goodProbe = Effect.gen(function* () {
  const monitor = yield* Monitor
  const probe = yield* monitor.takeProbe
  if (probe === undefined) return yield* Effect.die("no probe is due")
  yield* monitor.probeEnded(probe, "good")
})

const stateNow = Effect.map(status, ({ state }) => state)

describe("the Monitor's limits", () => {
  test(
    "the ramp begins after three good probes, not after two, however long they are good",
    { probes: true },
    Effect.gen(function* () {
      for (let n = 0; n < 10; n++) yield* turn(1, "error")
      assert.strictEqual(yield* stateNow, "open")
      yield* TestClock.adjust(2000)
      yield* goodProbe
      yield* TestClock.adjust(20_000)
      yield* goodProbe
      assert.strictEqual(yield* stateNow, "open")
      yield* TestClock.adjust(2000)
      yield* goodProbe
      assert.strictEqual(yield* stateNow, "ramp")
    }),
  )

  for (const [others, expected] of [
    [2, "closed"],
    [3, "open"],
  ] as const)
    test(
      `silence with ${others} attempts of other organisations leaves the global breaker ${expected}`,
      {},
      Effect.gen(function* () {
        const monitor = yield* Monitor
        for (const number of [0, 1, 2, 3, 4]) yield* turn(number, "success")
        yield* TestClock.adjust(1000)
        for (const number of [...Array.from({ length: 10 }, () => 0), ...[1, 2, 3].slice(0, others)])
          yield* monitor.watch(org(number), (yield* admit(org(number))).ticket)
        for (let second = 0; second < 20; second++) {
          yield* TestClock.adjust(1000)
          yield* monitor.takeProbe
        }
        const found = yield* status
        assert.strictEqual(found.state, expected)
        assert.lengthOf(found.orgs, expected === "closed" ? 1 : 0)
      }),
    )

  test(
    "the timeout counter opens the global breaker at 150",
    countersOnly,
    Effect.gen(function* () {
      for (let n = 0; n < 1000 && (yield* stateNow) === "closed"; n++) {
        yield* turn(n % 8, n % 5 < 2 ? "timeout_stall" : "success")
        yield* TestClock.adjust(100)
      }
      assert.match((yield* status).reason, /^timeouts 15\d >= 150 /)
    }),
  )

  test(
    "one organisation adds at most 3 of the 12 faults that open the global breaker",
    countersOnly,
    Effect.gen(function* () {
      for (let round = 0; round < 5; round++) {
        for (const number of [1, 2, 3]) yield* turn(number, "error")
        yield* TestClock.adjust(1500)
      }
      for (const expected of ["closed", "closed", "open"] as const) {
        yield* turn(4, "error")
        assert.strictEqual(yield* stateNow, expected)
      }
    }),
  )
})

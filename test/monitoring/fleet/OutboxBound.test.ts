/** The bounds of the events that a replica holds for the others, as the exchange sees them. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { HealthEvent } from "../../../src/monitoring/fleet/HealthEvent.ts"
import type { Exchange } from "../../../src/monitoring/fleet/HealthExchange.ts"
import { Monitor } from "../../../src/monitoring/Monitor.ts"
import { org } from "../schedules.ts"
import { catchUp, exchangeNow, joined, own } from "./oneReplica.ts"

type Batches = ReadonlyMap<number, ReadonlyArray<HealthEvent>>

/** A batch that had no answer is sent again with its number. */
const recording = (exchange: Exchange) => {
  const batches = new Map<number, ReadonlyArray<HealthEvent>>()
  const recorded: Exchange = {
    ...exchange,
    exchange: (told) => {
      if (told.batch !== undefined) batches.set(told.batch.number, told.batch.events)
      return exchange.exchange(told)
    },
  }
  return { batches, recorded }
}

/** Attempts in direct mode, one event each, numbered by their latency. */
const attempts = (count: number) =>
  Effect.flatMap(Monitor, ({ record }) =>
    Effect.forEach(
      Array.from({ length: count }, (_, number) => number),
      (latencyMs) => record({ orgId: org(1), mode: "direct_llm", outcome: "success", latencyMs }),
      { discard: true },
    ),
  )

/** Every event that is left, oldest first. */
const sent = Effect.fnUntraced(function* (batches: Batches) {
  let before
  do {
    before = batches.size
    yield* catchUp
  } while (batches.size > before)
  return [...batches.values()].flat()
})

const numberOf = (event: HealthEvent | undefined) => (event?._tag === "ended" ? event.latencyMs : undefined)

describe("the events for the other replicas", () => {
  it.effect("are the newest 50 000 when the exchange was away", () =>
    Effect.gen(function* () {
      const exchange = yield* exchangeNow
      const { batches, recorded } = recording(exchange.of(own))
      const away = Effect.gen(function* () {
        exchange.isAway = true
        yield* attempts(5000)
        yield* catchUp
        assert.lengthOf([...batches.values()].flat(), 5000)
        yield* attempts(70_000)
        yield* catchUp
        exchange.isAway = false
        // Sends the first 5000 again: they were on their way.
        yield* catchUp
        const events = (yield* sent(batches)).slice(5000)
        assert.lengthOf(events, 50_000)
        assert.deepStrictEqual([numberOf(events[0]), numberOf(events.at(-1))], [20_000, 69_999])
      })
      yield* joined(recorded, away)
    }),
  )

  it.effect("are at most 100 000, the newest, between two exchanges", () =>
    Effect.gen(function* () {
      const { batches, recorded } = recording((yield* exchangeNow).of(own))
      const busy = Effect.gen(function* () {
        yield* attempts(120_000)
        const events = yield* sent(batches)
        assert.isAtMost(events.length, 100_000)
        assert.isAtLeast(events.length, 50_000)
        assert.strictEqual(numberOf(events.at(-1)), 119_999)
      })
      yield* joined(recorded, busy)
    }),
  )

  it.effect("leave in batches of 5000", () =>
    Effect.gen(function* () {
      const { batches, recorded } = recording((yield* exchangeNow).of(own))
      const busy = Effect.gen(function* () {
        yield* attempts(12_000)
        yield* sent(batches)
        assert.deepStrictEqual(
          [...batches.values()].map(({ length }) => length),
          [5000, 5000, 2000],
        )
      })
      yield* joined(recorded, busy)
    }),
  )
})

/** One replica's Monitor with its link to an exchange in memory, and the times of the test's clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { FleetHealth } from "../../../src/monitoring/fleet/FleetHealth.ts"
import { type Exchange, HealthExchange } from "../../../src/monitoring/fleet/HealthExchange.ts"
import { Monitor } from "../../../src/monitoring/Monitor.ts"
import { ReplicaId } from "../../../src/platform/Replica.ts"
import { MemoryExchange } from "../../support/memoryExchange.ts"
import { settings, start } from "../schedules.ts"

/** The window's thresholds never trip: only the counters can. */
const countersOnly = { ...settings, minSamples: 1_000_000 }

export const exchangeNow = Effect.gen(function* () {
  yield* TestClock.setTime(start)
  const clock = yield* Clock.Clock
  return new MemoryExchange(() => clock.currentTimeMillisUnsafe())
})

/** A replica that has had its first answer from the exchange. */
export const joined = <A, E>(exchange: Exchange, body: Effect.Effect<A, E, FleetHealth | Monitor>) =>
  Effect.andThen(catchUp, body).pipe(
    Effect.provide(
      FleetHealth.layer.pipe(
        Layer.provideMerge(Monitor.layer(countersOnly)),
        Layer.provide(Layer.succeed(HealthExchange, exchange)),
      ),
    ),
  )

export const catchUp = Effect.flatMap(FleetHealth, (fleet) => fleet.catchUp)

export const own = ReplicaId.make("own")
export const peer = ReplicaId.make("peer")

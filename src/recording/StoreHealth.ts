/**
 * Whether the store answers, known beforehand: asked twice a second, so that nobody finds out by waiting. While it is away
 * no turn is begun, and within a second of its return turns are.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import { catalogue } from "../telemetry/Metrics.ts"
import { StoreError } from "./StoreError.ts"

const askEvery = Schedule.spaced("500 millis")
/** A store that is silent for so long twice in a row is away; once may be this process, which was busy itself. */
const patience = "500 millis"

export class StoreHealth extends Context.Service<
  StoreHealth,
  {
    readonly isUp: Effect.Effect<boolean>
    /** Fails at once while the store is away, and when it goes away meanwhile: who begins a turn waits for no silence. */
    readonly whileUp: <A, E, R>(use: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
  }
>()("crossfade/recording/StoreHealth") {
  static readonly layer: Layer.Layer<StoreHealth, never, SqlClient.SqlClient> = Layer.effect(
    StoreHealth,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const up = yield* Ref.make(true)
  const away = yield* Latch.make(false)
  const isUp = Ref.get(up)

  // On a fiber of its own: a driver's call cannot be interrupted while its connection is silent.
  const answers = Effect.flatMap(Effect.forkDetach(sql`SELECT 1 AS up`), (fiber) =>
    Effect.timeoutOption(Effect.exit(Effect.interruptible(Fiber.join(fiber))), patience),
  ).pipe(Effect.withTracerEnabled(false))
  const once = Effect.map(answers, (exit) => (exit._tag === "None" ? "silent" : exit.value._tag))
  const ask = Effect.gen(function* () {
    const first = yield* once
    const found = (first === "silent" ? yield* once : first) === "Success"
    if (found !== (yield* Ref.getAndSet(up, found))) {
      yield* found ? away.close : away.open
      yield* Effect.logWarning(found ? "the store is back" : "the store is away: no turn is begun")
    }
  })
  yield* Effect.forkScoped(Effect.repeat(ask, askEvery))
  yield* catalogue.storeUp.observe({}, () => (Ref.getUnsafe(up) ? 1 : 0))

  const gone = Effect.andThen(away.await, Effect.fail(isAway()))
  // First what is to be used: when it is done at once, as on SQLite, nothing races with it.
  const whileUp: StoreHealth["Service"]["whileUp"] = (use) =>
    Effect.suspend(() =>
      Ref.getUnsafe(up) ? Effect.raceFirst(use, Effect.interruptible(gone)) : Effect.fail(isAway()),
    )
  return StoreHealth.of({ isUp, whileUp })
})

const isAway = () => new StoreError({ operation: "StoreHealth.whileUp", cause: "the store is away" })

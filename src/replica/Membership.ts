/**
 * Registers this replica and sends its heartbeats. Finds dead replicas and ends their runs, so that readers see an end. Also
 * ends its own runs that the store lists as running although no fiber executes them.
 *
 * The replica is registered before the first turn and leaves after its last run.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Beat } from "../platform/Replica.ts"
import * as Liveness from "./Liveness.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Replicas } from "../store/Replicas.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

const beatEvery = Schedule.spaced("1500 millis")
/** A new run is live here almost at once, and an ending run is live until its end is stored. */
const abandonedMs = 60_000

const make = Effect.gen(function* () {
  const live = yield* LiveRuns
  const replicas = yield* Replicas
  const watches = yield* Ref.make(Liveness.none)

  const interruptRunsOf = Effect.fnUntraced(function* (dead: ReadonlyArray<Beat>) {
    const count = yield* replicas.interruptRunsOf(dead, yield* Clock.currentTimeMillis)
    if (count > 0) yield* Effect.logWarning(`${count} runs of dead replicas were interrupted`)
  })

  const interruptAbandoned = Effect.fnUntraced(function* () {
    const now = yield* Clock.currentTimeMillis
    const abandoned = (yield* replicas.running(now - abandonedMs)).filter((id) => live.get(id) === undefined)
    if (abandoned.length === 0) return
    yield* replicas.interrupt(abandoned, now)
    yield* Effect.logWarning(`${abandoned.length} runs whose end could not be stored were interrupted`)
  })

  const round = Effect.gen(function* () {
    const { known, others } = yield* replicas.beat
    const now = monotonicMillis(yield* Clock.clockWith(Effect.succeed))
    const seen = yield* Ref.updateAndGet(watches, (before) => Liveness.observe(before, others, now))
    const dead = Liveness.dead(seen, now)
    if (dead.length > 0) yield* interruptRunsOf(dead)
    if (!known)
      yield* Effect.logWarning("the other replicas considered this one dead and interrupted its runs")
    yield* interruptAbandoned()
  })

  const { others } = yield* replicas.beat
  yield* interruptRunsOf(replicas.exclusive ? others : [])
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(Clock.currentTimeMillis, replicas.retire).pipe(
      Effect.catch((error) =>
        Effect.logWarning("this replica could not sign off, so the others will consider it dead", error),
      ),
    ),
  )
  yield* Loop.every("membership", beatEvery, round)
})

export const layer: Layer.Layer<never, StoreError, LiveRuns | Replicas> = Layer.effectDiscard(make)

/**
 * Registers this replica and sends its heartbeats. Finds dead replicas and ends their runs, so that readers see an end
 * (`InterruptedRuns`). Also ends its own runs that the store lists as running although no fiber executes them.
 *
 * The replica is registered before the first turn and leaves after its last run.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Beat } from "../platform/Replica.ts"
import * as InterruptedRuns from "./InterruptedRuns.ts"
import * as Liveness from "./Liveness.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Replicas } from "../store/Replicas.ts"
import type { Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

const beatEvery = Schedule.spaced("1500 millis")
/** A new run is live here almost at once, and an ending run is live until its end is stored. */
const abandonedMs = 60_000

const make = Effect.gen(function* () {
  const live = yield* LiveRuns
  const replicas = yield* Replicas
  const watches = yield* Ref.make(Liveness.none)

  const { interrupt } = yield* InterruptedRuns.make

  const interruptRunsOf = Effect.fnUntraced(function* (dead: ReadonlyArray<Beat>) {
    const count = yield* interrupt(yield* replicas.remove(dead))
    if (count > 0) yield* Effect.logWarning(`${count} runs of dead replicas were interrupted`)
  })

  const interruptAbandoned = Effect.fnUntraced(function* () {
    const now = yield* Clock.currentTimeMillis
    const abandoned = (yield* replicas.running(now - abandonedMs)).filter((id) => live.get(id) === undefined)
    if (abandoned.length === 0) return
    const count = yield* interrupt(abandoned)
    yield* Effect.logWarning(`${count} runs whose end could not be stored were interrupted`)
  })

  /** No fiber of this process executes a run any more. */
  const retire = Effect.gen(function* () {
    yield* interrupt(yield* replicas.running((yield* Clock.currentTimeMillis) + 1))
    yield* replicas.retire
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
    Effect.catch(retire, (error) =>
      Effect.logWarning("this replica could not sign off, so the others will consider it dead", error),
    ),
  )
  yield* Loop.every("membership", beatEvery, round)
})

export const layer: Layer.Layer<never, StoreError, LiveRuns | Replicas | Runs | SecureRandom.SecureRandom> =
  Layer.effectDiscard(make)

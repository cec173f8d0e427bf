/**
 * This replica among the others: it says that it lives, finds dead replicas and ends the runs that they left behind, so that
 * their readers are told. It also ends its own runs that the store calls running and that do not run.
 *
 * Before the first request it is known to all; after its last run it leaves.
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
/** A run that is begun is live here within moments, and one that ends is live until its end is stored. */
const abandonedMs = 60_000

const make = Effect.gen(function* () {
  const live = yield* LiveRuns
  const replicas = yield* Replicas
  const watches = yield* Ref.make(Liveness.none)

  const bury = Effect.fnUntraced(function* (dead: ReadonlyArray<Beat>) {
    const count = yield* replicas.bury(dead, yield* Clock.currentTimeMillis)
    if (count > 0) yield* Effect.logWarning(`${count} runs of replicas that are gone were interrupted`)
  })

  const abandon = Effect.fnUntraced(function* () {
    const now = yield* Clock.currentTimeMillis
    const left = (yield* replicas.running(now - abandonedMs)).filter((id) => live.get(id) === undefined)
    if (left.length === 0) return
    yield* replicas.interrupt(left, now)
    yield* Effect.logWarning(`${left.length} runs whose end could not be stored were interrupted`)
  })

  const round = Effect.gen(function* () {
    const { known, others } = yield* replicas.beat
    const now = monotonicMillis(yield* Clock.clockWith(Effect.succeed))
    const seen = yield* Ref.updateAndGet(watches, (before) => Liveness.observe(before, others, now))
    const dead = Liveness.dead(seen, now)
    if (dead.length > 0) yield* bury(dead)
    if (!known) yield* Effect.logWarning("this replica was taken for dead: its runs are interrupted")
    yield* abandon()
  })

  const { others } = yield* replicas.beat
  yield* bury(replicas.exclusive ? others : [])
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(Clock.currentTimeMillis, replicas.leave).pipe(
      Effect.catch((error) => Effect.logWarning("the other replicas will take this one for dead", error)),
    ),
  )
  yield* Loop.every("membership", beatEvery, round)
})

export const layer: Layer.Layer<never, StoreError, LiveRuns | Replicas> = Layer.effectDiscard(make)

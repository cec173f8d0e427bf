/**
 * Keeps the Monitor's baseline of the healthy runtime over restarts, and in step with the other replicas. While the store is
 * away, each replica goes on with its own.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Monitor } from "../monitoring/Monitor.ts"
import { Baselines } from "../store/Baselines.ts"
import * as Loop from "../telemetry/Loop.ts"

/** The baseline itself moves once in ten minutes. */
const every = Schedule.spaced("1 minute")

/** `runtime`: the runtime's base URL. The baseline of another address does not hold for it. */
export const layer = (runtime: string): Layer.Layer<never, never, Baselines | Monitor> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const baselines = yield* Baselines
      const monitor = yield* Monitor
      const { origin, pathname } = new URL(runtime)
      const name = `${origin}${pathname}`
      let known = { version: 0, p99Ms: 0 }

      const sync = Effect.gen(function* () {
        const kept = yield* baselines.find(name)
        const own = yield* monitor.baseline
        if (kept !== undefined && kept.version > known.version) {
          known = kept
          if (own !== kept.p99Ms) yield* monitor.adoptBaseline(kept.p99Ms)
        } else if (own !== undefined && own !== known.p99Ms) {
          yield* baselines.put(name, own, known.version)
        }
      })
      const trySync = Effect.catch(sync, (error) =>
        Effect.logWarning("the baseline of the runtime is not in the store", error),
      )

      yield* trySync
      yield* Effect.addFinalizer(() => trySync)
      yield* Loop.every("baseline", every, sync)
    }),
  )

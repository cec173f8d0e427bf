/**
 * Stores the Monitor's baseline of the healthy runtime, so that it survives restarts and all replicas share it. While
 * the store is away, each replica uses its own.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { Monitor } from "../monitoring/Monitor.ts"
import { Baselines } from "../store/Baselines.ts"
import * as Loop from "../telemetry/Loop.ts"

/** The baseline changes at most once in ten minutes. */
const interval = "1 minute"

/** `runtime`: the runtime's base URL. A baseline of another address does not apply to it. */
export const layer = (runtime: string): Layer.Layer<never, never, Baselines | Monitor> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const baselines = yield* Baselines
      const monitor = yield* Monitor
      const { origin, pathname } = new URL(runtime)
      const name = `${origin}${pathname}`
      let known = { version: 0, p99Ms: 0 }

      const sync = Effect.gen(function* () {
        const stored = yield* baselines.find(name)
        const own = yield* monitor.baseline
        if (stored !== undefined && stored.version > known.version) {
          known = stored
          if (own !== stored.p99Ms) yield* monitor.adoptBaseline(stored.p99Ms)
        } else if (own !== undefined && own !== known.p99Ms) {
          yield* baselines.put(name, own, known.version)
        }
      })
      const trySync = Effect.catch(sync, (error) =>
        Effect.logWarning("the baseline of the runtime is not in the store", error),
      )

      yield* trySync
      yield* Effect.addFinalizer(() => trySync)
      yield* Loop.every("baseline", Schedule.spaced(interval), sync, interval)
    }),
  )

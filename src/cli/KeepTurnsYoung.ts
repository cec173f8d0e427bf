import * as Effect from "effect/Effect"
import { setFlagsFromString } from "node:v8"

/**
 * Under load the objects of a turn survive some small collections, so V8 would learn to allocate them as old; old
 * objects stay, with everything they refer to, until the next full collection. Measured in decision 28.
 */
export const keepTurnsYoung = Effect.sync(() => setFlagsFromString("--no-allocation-site-pretenuring"))

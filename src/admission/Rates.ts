/**
 * Port: turns a minute, as one token bucket for each key. It never fails, because a turn must not fail when the counter is
 * away. The adapter decides how exact the count is over several replicas.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Taken } from "./TokenBucket.ts"

export class Rates extends Context.Service<
  Rates,
  { readonly take: (key: string, perMinute: number) => Effect.Effect<Taken> }
>()("crossfade/admission/Rates") {}

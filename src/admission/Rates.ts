/**
 * How many turns a minute somebody may begin: a token bucket for each key. It always answers, because a turn must not
 * fail for want of a counter; how exact it is over several replicas is the adapter's business.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Taken } from "./TokenBucket.ts"

export class Rates extends Context.Service<
  Rates,
  { readonly take: (key: string, perMinute: number) => Effect.Effect<Taken> }
>()("crossfade/admission/Rates") {}

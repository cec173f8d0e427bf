/**
 * Port: the p99 of a healthy runtime's time to first progress, stored for the next start and shared by all replicas.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** `version` starts at 1 and rises by one with each stored value. */
export interface StoredBaseline {
  readonly version: number
  readonly p99Ms: number
}

export class Baselines extends Context.Service<
  Baselines,
  {
    readonly find: (runtime: string) => Effect.Effect<StoredBaseline | undefined, StoreError>
    /** Stores the value that follows version `after`; does nothing if another replica has stored one since. */
    readonly put: (runtime: string, p99Ms: number, after: number) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/Baselines") {}

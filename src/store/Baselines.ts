/** The p99 of a healthy runtime's time to first progress, kept for the next start and shared by the replicas. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** `version` rises by one with each value that is stored, from 1. */
export interface KeptBaseline {
  readonly version: number
  readonly p99Ms: number
}

export class Baselines extends Context.Service<
  Baselines,
  {
    readonly find: (runtime: string) => Effect.Effect<KeptBaseline | undefined, StoreError>
    /** Stores the value after version `after`; does nothing where another replica has stored one since. */
    readonly put: (runtime: string, p99Ms: number, after: number) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/Baselines") {}

/** The operators' settings of the rollout: one document with a version, so that no unseen change is overwritten. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OperatorSettings } from "../domain/RolloutSettings.ts"
import type { Change } from "./Audit.ts"
import type { StoreError } from "./StoreError.ts"

/** `version` is 0 before the first change and rises by one with each. */
export interface StoredRollout {
  readonly version: number
  readonly operator: OperatorSettings
}

export class RolloutStore extends Context.Service<
  RolloutStore,
  {
    readonly load: Effect.Effect<StoredRollout, StoreError>
    /** The stored document, if its version is another than this. Cheap: it is asked all the time. */
    readonly changedSince: (version: number) => Effect.Effect<StoredRollout | undefined, StoreError>
    /**
     * One transaction: the document of `base.version + 1`, and the audit's entry. Gives it as it will be read; undefined,
     * and nothing written, when the version is no longer `base`.
     */
    readonly save: (
      base: number,
      operator: OperatorSettings,
      change: Change,
    ) => Effect.Effect<StoredRollout | undefined, StoreError>
  }
>()("crossfade/store/RolloutStore") {}

/** Port: the operators' rollout settings, one document with a version, so that no change overwrites an unseen one. */
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
    /** The stored document, if its version differs. Cheap, because it runs all the time. */
    readonly changedSince: (version: number) => Effect.Effect<StoredRollout | undefined, StoreError>
    /**
     * One transaction: stores the document as version `base.version + 1` with the audit entry, and returns it as read
     * back. Undefined, without a write, if the version is no longer `base`.
     */
    readonly save: (
      base: number,
      operator: OperatorSettings,
      change: Change,
    ) => Effect.Effect<StoredRollout | undefined, StoreError>
  }
>()("crossfade/store/RolloutStore") {}

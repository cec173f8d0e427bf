/**
 * Port: guarded rollouts. State, sums and watermark are stored together, so that a restart continues from the same
 * place.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { AutopilotState } from "../domain/Autopilot.ts"
import type { Change } from "./Audit.ts"
import type { Watermark } from "./CohortRuns.ts"
import type { StoreError } from "./StoreError.ts"

export interface Autopilot {
  readonly state: AutopilotState
  /** The sums of the step's cohorts, in the autopilot's own shape. */
  readonly samples: Schema.Json
  readonly watermark: Watermark
}

/** `version` rises by one with each write. */
export interface StoredAutopilot extends Autopilot {
  readonly id: string
  readonly version: number
}

export class Autopilots extends Context.Service<
  Autopilots,
  {
    /** The rollout that started last. */
    readonly latest: Effect.Effect<StoredAutopilot | undefined, StoreError>
    /** One transaction with the audit entry. */
    readonly begin: (autopilot: Autopilot, change: Change) => Effect.Effect<StoredAutopilot, StoreError>
    /**
     * One transaction with the audit entry, if there is one. Undefined, without a write, if the stored version is not
     * `base`.
     */
    readonly save: (
      base: StoredAutopilot,
      autopilot: Autopilot,
      change?: Change,
    ) => Effect.Effect<StoredAutopilot | undefined, StoreError>
  }
>()("crossfade/store/Autopilots") {}

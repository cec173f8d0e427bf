/** Guarded rollouts as they are kept: state, sums and watermark together, so that a restart goes on where it was. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { AutopilotState } from "../domain/Autopilot.ts"
import type { Change } from "./Audit.ts"
import type { Watermark } from "./CohortRuns.ts"
import type { StoreError } from "./StoreError.ts"

export interface Autopilot {
  readonly state: AutopilotState
  /** The sums of the step's cohorts, in a shape of the autopilot's own. */
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
    /** The one that was begun last. */
    readonly latest: Effect.Effect<StoredAutopilot | undefined, StoreError>
    /** One transaction with the audit's entry. */
    readonly begin: (autopilot: Autopilot, change: Change) => Effect.Effect<StoredAutopilot, StoreError>
    /**
     * One transaction with the audit's entry, where there is one. Undefined, and nothing written, when `base` is no longer
     * what is kept.
     */
    readonly save: (
      base: StoredAutopilot,
      autopilot: Autopilot,
      change?: Change,
    ) => Effect.Effect<StoredAutopilot | undefined, StoreError>
  }
>()("crossfade/store/Autopilots") {}

/**
 * Reads and cancels live runs of other replicas. Runs of this process are in `LiveRuns`; ended runs are in the store.
 *
 * Invariant: a reader sees the end of a run only if the run's log or the store contains it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { RunId } from "../domain/Ids.ts"
import type { RunLog } from "../runs/RunLog.ts"

/** Another replica executes the run, and it does not answer now. */
export class RunElsewhere extends Schema.TaggedError<RunElsewhere>()("RunElsewhere", { runId: RunId }) {}

export interface FollowedRun {
  /** A copy of the run's own log. It grows with it, entry by entry. */
  readonly log: RunLog
  /** Counts a reader until the scope closes. The executing replica does not cancel a run that has a reader here. */
  readonly attach: Effect.Effect<void, never, Scope.Scope>
}

export class SharedLogs extends Context.Service<
  SharedLogs,
  {
    /** Gives the log when it contains the entries up to `after`, or has ended. */
    readonly follow: (id: RunId, after: number) => Effect.Effect<FollowedRun, RunElsewhere>
    /** Gives true when this call ended the run. Fails when no replica answers; the run may end anyway. */
    readonly cancel: (id: RunId) => Effect.Effect<boolean, RunElsewhere>
    /** Removes the shared logs of purged runs. Without it, or if it does not succeed, they expire within a minute. */
    readonly forget: (ids: ReadonlyArray<RunId>) => Effect.Effect<void>
  }
>()("crossfade/sharing/SharedLogs") {
  /** Without Redis, a run of another replica can be read only after its end, from the store. */
  static readonly layerAlone: Layer.Layer<SharedLogs> = Layer.succeed(SharedLogs, {
    follow: (runId) => Effect.fail(new RunElsewhere({ runId })),
    cancel: (runId) => Effect.fail(new RunElsewhere({ runId })),
    forget: () => Effect.void,
  })
}

/**
 * The live logs of runs that other replicas execute: read here as if they were this process's own, and cancelled from
 * here. What this process executes itself is in `LiveRuns`, what has ended is in the store.
 *
 * Invariant: nobody is told that a run has ended unless its log or the store says so.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { RunId } from "../domain/Ids.ts"
import type { RunLog } from "../runs/RunLog.ts"

/** The run goes on in another replica, and that one is not heard now. */
export class RunElsewhere extends Schema.TaggedError<RunElsewhere>()("RunElsewhere", { runId: RunId }) {}

export interface FollowedRun {
  /** Grows as the run's own log does, entry by entry the same. */
  readonly log: RunLog
  /** Reads count, also over there: a run that is read here is not cancelled as one that nobody reads. */
  readonly attach: Effect.Effect<void, never, Scope.Scope>
}

export class SharedLogs extends Context.Service<
  SharedLogs,
  {
    /** Gives the log once it holds what the reader has seen, up to `after`, or has ended. */
    readonly follow: (id: RunId, after: number) => Effect.Effect<FollowedRun, RunElsewhere>
    /** Whether this call ended the run. Fails when nobody answers for it: it may end all the same. */
    readonly cancel: (id: RunId) => Effect.Effect<boolean, RunElsewhere>
  }
>()("crossfade/sharing/SharedLogs") {
  /** Nothing is shared: of another replica's run nothing is known until the store has its end. */
  static readonly layerAlone: Layer.Layer<SharedLogs> = Layer.succeed(SharedLogs, {
    follow: (runId) => Effect.fail(new RunElsewhere({ runId })),
    cancel: (runId) => Effect.fail(new RunElsewhere({ runId })),
  })
}

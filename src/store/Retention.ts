/**
 * Port: deletes old rows: events of ended runs, keys of repeated requests, ids of deleted sessions and messages, and old token
 * spend. It marks old messages, with their runs and empty sessions, and `Purge` removes them. It works in short steps, so that
 * no turn waits behind one.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RunId, SessionId, UserId } from "../domain/Ids.ts"
import type { RetainedOrgs } from "../domain/MessageRetention.ts"
import type { StoreError } from "./StoreError.ts"

/** A position in the walk through the sessions. */
export interface SessionPosition {
  readonly userId: UserId
  readonly id: SessionId
}

export class Retention extends Context.Service<
  Retention,
  {
    /** Takes the retention job until a time (epoch milliseconds); false if it is already taken beyond `now`. */
    readonly claim: (now: number, until: number) => Effect.Effect<boolean, StoreError>
    /**
     * One step through the runs with events, oldest first, starting after `after`: deletes the events of runs that
     * ended before `endedBefore` (epoch milliseconds). Returns the run to continue after; undefined at the end.
     */
    readonly deleteEvents: (
      endedBefore: number,
      after: RunId | undefined,
    ) => Effect.Effect<RunId | undefined, StoreError>
    /** Deletes some of the keys created before; false if none is left. */
    readonly deleteKeys: (createdBefore: number) => Effect.Effect<boolean, StoreError>
    /**
     * One step through the sessions of organisations, after `after`: marks the turns that ended before `endedBefore` (epoch
     * milliseconds), and sessions without messages. Returns the position to continue after; undefined at the end.
     */
    readonly deleteMessages: (
      orgs: RetainedOrgs,
      endedBefore: number,
      after: SessionPosition | undefined,
    ) => Effect.Effect<SessionPosition | undefined, StoreError>
    /** Deletes some of the ids that were deleted before a time; false if none is left. */
    readonly deleteIds: (deletedBefore: number) => Effect.Effect<boolean, StoreError>
    /** Deletes some of the token spend before a day (days since 1970-01-01); false if none is left. */
    readonly deleteSpend: (before: number) => Effect.Effect<boolean, StoreError>
  }
>()("crossfade/store/Retention") {}

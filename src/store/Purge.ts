/**
 * Port: removes deleted rows for good: messages with their feedback, runs with their attempts, events, files, keys and
 * shadow pairs, and sessions. It works in short steps, so that no turn waits behind one.
 *
 * Invariant: a running run, and its question, are never removed.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FileId, OrgId, RunId } from "../domain/Ids.ts"
import type { StoreError } from "./StoreError.ts"

/** The result of one step. The other stores must forget the same data. */
export interface Purged {
  readonly messages: number
  readonly runs: ReadonlyArray<RunId>
  readonly sessions: number
  /** The organisations whose rows were removed. */
  readonly orgs: ReadonlyArray<OrgId>
}

export class Purge extends Context.Service<
  Purge,
  {
    /** True if a step, or the files, may have something to remove. */
    readonly isDue: (deletedBy: number) => Effect.Effect<boolean, StoreError>
    /** Takes the job until a time (epoch milliseconds); false if another replica has it beyond `now`. */
    readonly claim: (now: number, until: number) => Effect.Effect<boolean, StoreError>
    /** The holder prolongs its claim, or ends it with a time that has passed. */
    readonly hold: (until: number) => Effect.Effect<void, StoreError>
    /** Removes some of the rows that were deleted at `deletedBy` (epoch milliseconds) or before. Undefined: none is left. */
    readonly step: (deletedBy: number) => Effect.Effect<Purged | undefined, StoreError>
    /** Some uploaded files that were deleted at `deletedBy` or before. Their contents are removed before their rows. */
    readonly files: (deletedBy: number) => Effect.Effect<ReadonlyArray<FileId>, StoreError>
    readonly removeFiles: (ids: ReadonlyArray<FileId>) => Effect.Effect<void, StoreError>
    /** After the last step: a step that removes deleted bytes from the database's own files. True if more are left. */
    readonly wipe: Effect.Effect<boolean, StoreError>
  }
>()("crossfade/store/Purge") {}

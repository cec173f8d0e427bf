/**
 * Port: deletes sessions and messages of a user. A deletion only marks rows with its time, and no read finds a marked
 * row. `Purge` removes the rows later. Until then they can be restored.
 *
 * Invariant: a turn that begins during a deletion is refused or deleted, and one that ends after it stays deleted.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Erased, ErasureProgress } from "../domain/Erasure.ts"
import { MessageId, type RunId, type SessionId } from "../domain/Ids.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { MessageNotFound } from "./Messages.ts"
import type { SessionNotFound } from "./Sessions.ts"
import type { StoreError } from "./StoreError.ts"

/** The time of a deletion without a restore: an expired message, an erasure. It is before every grace time. */
export const purgeAtOnce = 1

/**
 * The deletion time of a run whose data is purged but whose row stays. A question that is not deleted refers to the
 * row. No read finds it.
 */
export const purgedRun = 0

export interface Deleted {
  /** False if the row was deleted before. */
  readonly deleted: boolean
  /** The deleted runs that are still running, on any replica. */
  readonly running: ReadonlyArray<RunId>
}

export interface DeletedSome extends Pick<ErasureProgress, "sessions" | "messages" | "runs"> {
  readonly running: ReadonlyArray<RunId>
}

/** A message above is deleted, so a restored message would be on no branch. A restore of the ancestor must come first. */
export class BelowDeleted extends Schema.TaggedError<BelowDeleted>()("BelowDeleted", {
  messageId: MessageId,
  ancestorId: MessageId,
}) {}

/** Each method fails the same way for a missing row and for one of another user or organisation. */
export class Deletions extends Context.Service<
  Deletions,
  {
    /** One transaction: the session, its messages and its runs, at `at` (epoch milliseconds). */
    readonly deleteSession: (
      principal: Principal,
      id: SessionId,
      at: number,
    ) => Effect.Effect<Deleted, AgentDenied | SessionNotFound | StoreError>
    /** One transaction: the message, all messages below it, and their runs. */
    readonly deleteMessage: (
      principal: Principal,
      id: MessageId,
      at: number,
    ) => Effect.Effect<Deleted, AgentDenied | MessageNotFound | StoreError>
    /** Restores the rows of one deletion, if it happened after `after`. A session that is not deleted stays as it is. */
    readonly restoreSession: (
      principal: Principal,
      id: SessionId,
      after: number,
    ) => Effect.Effect<void, AgentDenied | SessionNotFound | StoreError>
    /** The message's session must not be deleted, nor the messages above it. */
    readonly restoreMessage: (
      principal: Principal,
      id: MessageId,
      after: number,
    ) => Effect.Effect<void, AgentDenied | BelowDeleted | MessageNotFound | StoreError>
    /** The runs of this process that are running and deleted. */
    readonly running: Effect.Effect<ReadonlyArray<RunId>, StoreError>
    /** Deletes a few sessions of a user or an organisation for good. Gives undefined when none is left. */
    readonly deleteSome: (owner: Erased) => Effect.Effect<DeletedSome | undefined, StoreError>
  }
>()("crossfade/store/Deletions") {}

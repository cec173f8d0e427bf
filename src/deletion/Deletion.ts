/**
 * Deletes a user's sessions and messages in this order:
 * 1. The rows are marked as deleted. No read returns them any more.
 * 2. Their unfinished runs are cancelled. If this came first, it would miss a run that begins before the mark.
 * 3. After the grace time, `Purger` removes the data.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { MessageId, RunId, SessionId } from "../domain/Ids.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { SharedLogs } from "../sharing/SharedLogs.ts"
import { type BelowDeleted, type Deleted, Deletions } from "../store/Deletions.ts"
import type { MessageNotFound } from "../store/Messages.ts"
import type { SessionNotFound } from "../store/Sessions.ts"
import type { StoreError } from "../store/StoreError.ts"
import * as Loop from "../telemetry/Loop.ts"

/** The longest time that a deleted run of this replica continues when the deletion reached another replica. */
const watchEvery = Schedule.spaced("1 second")

export interface Done {
  /** False if it was deleted before. */
  readonly deleted: boolean
  /** Epoch milliseconds; null without a grace time, and for an earlier deletion. */
  readonly restorableUntil: number | null
}

export class Deletion extends Context.Service<
  Deletion,
  {
    readonly session: (
      principal: Principal,
      id: SessionId,
    ) => Effect.Effect<Done, AgentDenied | SessionNotFound | StoreError>
    /** Deletes the messages below it too. */
    readonly message: (
      principal: Principal,
      id: MessageId,
    ) => Effect.Effect<Done, AgentDenied | MessageNotFound | StoreError>
    readonly restoreSession: (
      principal: Principal,
      id: SessionId,
    ) => Effect.Effect<void, AgentDenied | SessionNotFound | StoreError>
    readonly restoreMessage: (
      principal: Principal,
      id: MessageId,
    ) => Effect.Effect<void, AgentDenied | BelowDeleted | MessageNotFound | StoreError>
    /** Ends deleted runs on any replica. A replica that does not answer ends them by itself. */
    readonly cancel: (ids: ReadonlyArray<RunId>) => Effect.Effect<void>
  }
>()("crossfade/deletion/Deletion") {
  /** `graceMs`: the time between a deletion and its purge, in milliseconds. */
  static readonly layer = (
    graceMs: number,
  ): Layer.Layer<Deletion, never, Deletions | LiveRuns | SharedLogs> => Layer.effect(Deletion, make(graceMs))
}

const make = Effect.fnUntraced(function* (graceMs: number) {
  const deletions = yield* Deletions
  const live = yield* LiveRuns
  const shared = yield* SharedLogs

  const cancelOne = (id: RunId) =>
    live.get(id) === undefined ? Effect.ignore(shared.cancel(id)) : Effect.asVoid(live.cancel(id))
  const cancel: Deletion["Service"]["cancel"] = (ids) =>
    Effect.forEach(ids, cancelOne, { concurrency: "unbounded", discard: true })

  const done = <E>(deletion: (at: number) => Effect.Effect<Deleted, E>) =>
    Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const { deleted, running } = yield* deletion(at)
      yield* cancel(running)
      const result: Done = { deleted, restorableUntil: deleted && graceMs > 0 ? at + graceMs : null }
      return result
    })

  const afterGrace = <A, E>(restore: (after: number) => Effect.Effect<A, E>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => restore(now - graceMs))

  /** Deletions that another replica made of runs that are live here. */
  const watch = Effect.suspend(() =>
    live.count() === 0 ? Effect.void : Effect.flatMap(deletions.running, cancel),
  )
  yield* Loop.every("deleted_runs", watchEvery, watch)

  return Deletion.of({
    session: (principal, id) => done((at) => deletions.deleteSession(principal, id, at)),
    message: (principal, id) => done((at) => deletions.deleteMessage(principal, id, at)),
    restoreSession: (principal, id) => afterGrace((after) => deletions.restoreSession(principal, id, after)),
    restoreMessage: (principal, id) => afterGrace((after) => deletions.restoreMessage(principal, id, after)),
    cancel,
  })
})

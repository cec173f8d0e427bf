/**
 * Port: runs of any user, for operators and for administrators of an organisation. It never returns deleted runs, even
 * while their deletion can be undone.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Attachment } from "../domain/Attachment.ts"
import type { Feedback, Rating } from "../domain/Feedback.ts"
import type { AgentId, OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import type { ListedRun } from "../domain/ListedRun.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Page } from "../domain/Page.ts"
import type { Attempt, Run, RunStatus } from "../domain/Run.ts"
import type { ChatMessage } from "../domain/Session.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
import type { RunNotFound } from "./Runs.ts"
import type { StoreError } from "./StoreError.ts"

/** The runs that a caller may see. */
export interface RunScope {
  /** Null: all organisations. */
  readonly orgId: OrgId | null
  /** The agents of the caller's key; null: all. */
  readonly agents: ReadonlyArray<AgentId> | null
}

/** A run must match all of them. */
export interface RunFilter {
  readonly org?: OrgId
  readonly user?: UserId
  readonly session?: SessionId
  readonly agent?: AgentId
  readonly mode?: ExecutionMode
  readonly status?: RunStatus
  /** The code of the run's error. */
  readonly code?: string
  /** The reason of the decision. */
  readonly reason?: string
  readonly traceId?: string
  /** Epoch milliseconds of the start, `to` excluded. */
  readonly from?: number
  readonly to?: number
  /** `any`: feedback of any kind. */
  readonly feedback?: Rating | "any"
}

/** A message with the parts of an answer as the user saw them. */
export interface RunMessage extends ChatMessage {
  readonly parts: ReadonlyArray<Message>
  readonly attachments: ReadonlyArray<Attachment>
}

/** Null: deleted, or the run has no answer yet. */
export interface RunMessages {
  readonly question: RunMessage | null
  readonly answer: RunMessage | null
}

export class OperatorRuns extends Context.Service<
  OperatorRuns,
  {
    /**
     * Newest first; `before` is the id of the last page's end. A page examines a bounded number of runs, so it may have
     * fewer entries than its limit, or none, and still have a next page.
     */
    readonly list: (
      scope: RunScope,
      filter: RunFilter,
      page: { readonly before?: RunId; readonly limit: number },
    ) => Effect.Effect<Page<ListedRun, RunId>, StoreError>
    /** Fails the same way for a missing run and for one outside the scope. */
    readonly get: (
      scope: RunScope,
      id: RunId,
    ) => Effect.Effect<
      {
        readonly run: Run
        readonly attempts: ReadonlyArray<Attempt>
        readonly feedback: Feedback | undefined
      },
      RunNotFound | StoreError
    >
    readonly messages: (run: Run) => Effect.Effect<RunMessages, StoreError>
  }
>()("crossfade/store/OperatorRuns") {}

/** Port: a user's sessions as lists and counts show them, and the changes to their titles and marks. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { MessageId, RunId, SessionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { AgentDenied, Principal } from "../domain/Principal.ts"
import type { RunSummary, SessionCounts, SessionOverview } from "../domain/SessionOverview.ts"
import type { SessionNotFound } from "./Sessions.ts"
import type { StoreError } from "./StoreError.ts"

/** By activity: pinned or not as 1 or 0, `updatedAt`, id. By creation: the id. */
export type SessionPosition = SessionId | readonly [pinned: 0 | 1, updatedAt: number, id: SessionId]

export interface SessionPage {
  /** `activity`: pinned sessions first, then by `updatedAt`, newest first. `created`: newest first; no session moves. */
  readonly order: "activity" | "created"
  /** Absent: both. */
  readonly archived?: boolean | undefined
  readonly pinned?: boolean | undefined
  /** The end of the last page, of the same order. */
  readonly before?: SessionPosition | undefined
  readonly limit: number
  readonly bytes?: number | undefined
}

export interface SessionChanges {
  readonly title?: string | undefined
  readonly pinned?: boolean | undefined
  readonly archived?: boolean | undefined
}

type Missing = AgentDenied | SessionNotFound | StoreError

export class SessionLists extends Context.Service<
  SessionLists,
  {
    /** Only sessions with agents that the caller may use, as in all lists and counts. */
    readonly list: (
      principal: Principal,
      page: SessionPage,
    ) => Effect.Effect<Page<SessionOverview, SessionPosition>, StoreError>
    readonly counts: (principal: Principal) => Effect.Effect<SessionCounts, StoreError>
    /** Fails like `Sessions.get`, as all methods with a session. */
    readonly get: (principal: Principal, id: SessionId) => Effect.Effect<SessionOverview, Missing>
    /** Leaves `updatedAt`, so that the session stays in its place. A title becomes the user's. */
    readonly update: (
      principal: Principal,
      id: SessionId,
      changes: SessionChanges,
    ) => Effect.Effect<SessionOverview, Missing>
    /** Newest first; `before` is the id of the last page's end. The caller has checked the owner. */
    readonly runs: (
      id: SessionId,
      page: {
        readonly before?: RunId | undefined
        readonly limit: number
        readonly bytes?: number | undefined
      },
    ) => Effect.Effect<Page<RunSummary, RunId>, StoreError>
    /** The position of a message in its session, for `Sessions.messages`. */
    readonly positionOf: (id: SessionId, message: MessageId) => Effect.Effect<number | undefined, StoreError>
    /** True if the title is still the start of the first message. */
    readonly isUntitled: (id: SessionId) => Effect.Effect<boolean, StoreError>
    /** Writes a title unless a model or the user has named the session. True if it was written. */
    readonly titleByModel: (id: SessionId, title: string) => Effect.Effect<boolean, StoreError>
  }
>()("crossfade/store/SessionLists") {}

/**
 * Port: the search in messages and titles of sessions. The index proposes; the text decides (`SearchSnippet`).
 *
 * Each token of the index starts with its owner, so a search reads entries of its caller only, and its cost does not
 * depend on other users.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AgentId, SessionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { Principal } from "../domain/Principal.ts"
import type { SearchQuery } from "../domain/SearchQuery.ts"
import type { ChatMessage, Session } from "../domain/Session.ts"
import type { StoreError } from "./StoreError.ts"

/** The time of a session's newest match (epoch milliseconds), and the session. */
export type SearchPosition = readonly [at: number, sessionId: SessionId]

export interface FoundMessage extends Pick<ChatMessage, "id" | "role" | "createdAt"> {
  /** The start of the content, as far as it is indexed. */
  readonly text: string
}

export interface FoundSession extends Pick<Session, "agentId" | "createdAt" | "id" | "title" | "updatedAt"> {
  readonly archived: boolean
}

/** A session whose index entries have all tokens of the query. `messages`: the newest of them, newest first. */
export interface Candidate {
  readonly session: FoundSession
  readonly messages: ReadonlyArray<FoundMessage>
}

export interface SearchFilter {
  readonly agentId?: AgentId | undefined
  /** Undefined: archived sessions and others. */
  readonly archived?: boolean | undefined
}

export class Search extends Context.Service<
  Search,
  {
    /** Sessions of the caller, by their newest match. `messages`: the most of a session. */
    readonly find: (
      principal: Principal,
      query: SearchQuery,
      filter: SearchFilter,
      page: { readonly before?: SearchPosition; readonly limit: number; readonly messages: number },
    ) => Effect.Effect<Page<Candidate, SearchPosition>, StoreError>
    /**
     * Indexes some messages and titles that are new or have changed, newest first. Returns their number. Replicas that
     * call it at the same time take different ones.
     */
    readonly indexNext: Effect.Effect<number, StoreError>
  }
>()("crossfade/store/Search") {}

/**
 * A page of the search. The store proposes sessions by its index; a session stays in the page if the text of one of
 * its messages, or its title, has every term of the query.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Page } from "../domain/Page.ts"
import type { Principal } from "../domain/Principal.ts"
import { parseQuery, type SearchQuery } from "../domain/SearchQuery.ts"
import type { FoundMessage, SearchResult } from "../domain/SearchResult.ts"
import { matchesIn, snippetOf } from "../domain/SearchSnippet.ts"
import { readable } from "../domain/SearchWords.ts"
import { type Candidate, Search, type SearchFilter, type SearchPosition } from "../store/Search.ts"
import type { StoreError } from "../store/StoreError.ts"

/** Enough to recognise a session; the client opens it for the rest. */
const shownMessages = 3
/** The index does not know the order of words, so some messages of a phrase's session may not have the phrase. */
const readForPhrase = 10
/** Pages of the store for one page. Only phrases whose words are frequent, but apart, need more than one. */
const mostPages = 5

export class SearchReader extends Context.Service<
  SearchReader,
  {
    /**
     * Sessions of the caller, by their newest match, newest first. A page may have fewer than `limit`. A text without
     * words finds nothing.
     */
    readonly find: (
      principal: Principal,
      text: string,
      filter: SearchFilter,
      page: { readonly before?: SearchPosition; readonly limit: number },
    ) => Effect.Effect<Page<SearchResult, SearchPosition>, StoreError>
  }
>()("crossfade/chat/SearchReader") {
  static readonly layer: Layer.Layer<SearchReader, never, Search> = Layer.effect(
    SearchReader,
    Effect.gen(function* () {
      const search = yield* Search

      const find: SearchReader["Service"]["find"] = Effect.fnUntraced(function* (
        principal,
        text,
        filter,
        { before, limit },
      ) {
        const entries: Array<SearchResult> = []
        const query = parseQuery(text)
        if (query === undefined) return { entries, next: null }
        const messages = query.isSettledByIndex ? shownMessages : readForPhrase
        let next: SearchPosition | null = before ?? null
        for (let pages = 0; pages < mostPages && entries.length < limit; pages++) {
          const page = { limit: limit - entries.length, messages, ...(next === null ? {} : { before: next }) }
          const found: Page<Candidate, SearchPosition> = yield* search.find(principal, query, filter, page)
          for (const candidate of found.entries) {
            const result = yield* resultOf(candidate, query)
            if (result !== undefined) entries.push(result)
          }
          next = found.next
          if (next === null) break
        }
        return { entries, next }
      })

      return SearchReader.of({ find })
    }),
  )
}

/** Lets other fibers run after each message, because a long one takes milliseconds. */
const resultOf = Effect.fnUntraced(function* ({ messages, session }: Candidate, query: SearchQuery) {
  const found: Array<FoundMessage> = []
  for (const { createdAt, id, role, text } of messages) {
    if (found.length === shownMessages) break
    const snippet = snippetOf(text, query)
    if (snippet !== undefined) found.push({ messageId: id, role, createdAt, ...snippet })
    yield* Effect.yieldNow
  }
  if (found.length === 0 && snippetOf(session.title, query) === undefined) return undefined
  const { id: sessionId, title, ...rest } = session
  const shown = { text: readable(title), matches: matchesIn(title, query) }
  return { ...rest, sessionId, title: shown, messages: found } satisfies SearchResult
})

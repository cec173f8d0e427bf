/** The search as the user types, and the pieces of a snippet. */
import { useEffect, useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import type { SearchPage } from "../../client/Contract.ts"
import { errorOf } from "../kit/ErrorOf.ts"

export interface Found {
  /** The query of the results. */
  readonly query: string
  readonly results: SearchPage["results"]
  readonly cursor: string | null
  readonly error: Error | undefined
}

/** Waits until the user pauses. */
const pauseMs = 250

const failed = (query: string, cause: unknown): Found => ({
  query,
  results: [],
  cursor: null,
  error: errorOf(cause),
})

/** Undefined until the search of the query has an answer. */
export const useSearch = (client: Client, query: string) => {
  const [found, setFound] = useState<Found>()
  useEffect(() => {
    if (query === "") return undefined
    const aborting = new AbortController()
    const { signal } = aborting
    const timer = setTimeout(() => {
      client.search(query, { signal, archived: "all" }).then(
        ({ nextCursor, results }) => setFound({ query, results, cursor: nextCursor, error: undefined }),
        (cause: unknown) => signal.aborted || setFound(failed(query, cause)),
      )
    }, pauseMs)
    return () => {
      clearTimeout(timer)
      aborting.abort()
    }
  }, [client, query])
  const more = () => {
    if (found === undefined || found.cursor === null) return
    client.search(query, { archived: "all", cursor: found.cursor }).then(
      ({ nextCursor, results }) =>
        setFound({ ...found, results: [...found.results, ...results], cursor: nextCursor }),
      (cause: unknown) => setFound({ ...found, error: failed(query, cause).error }),
    )
  }
  return { found: found?.query === query ? found : undefined, more }
}

export interface Snippet {
  readonly text: string
  readonly matches: ReadonlyArray<{ readonly start: number; readonly end: number }>
}

/** The text in pieces that match the query, and pieces between them. */
export const piecesOf = ({ matches, text }: Snippet) => {
  const pieces: Array<{ readonly text: string; readonly isMatch: boolean }> = []
  let at = 0
  for (const { end, start } of matches) {
    if (start < at || end > text.length) continue
    if (start > at) pieces.push({ text: text.slice(at, start), isMatch: false })
    pieces.push({ text: text.slice(start, end), isMatch: true })
    at = end
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isMatch: false })
  return pieces
}

/** Loads a list page by page, on demand. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks"
import { errorOf } from "../kit/ErrorOf.ts"

export interface PageRead<Entry> {
  readonly entries: ReadonlyArray<Entry>
  readonly nextCursor: string | null
}

/** Must be stable: a new function begins again. */
export type ReadPage<Entry> = (path: string, signal: AbortSignal) => Promise<PageRead<Entry>>

interface Pages<Entry> {
  readonly entries: ReadonlyArray<Entry>
  /** Undefined before the first page. */
  readonly cursor: string | null | undefined
  readonly error: Error | undefined
}

/** `path` has a query. Another path begins again. `more` reads the first page too. */
export const usePages = <Entry>(path: string, read: ReadPage<Entry>) => {
  const none: Pages<Entry> = { entries: [], cursor: undefined, error: undefined }
  const [pages, setPages] = useState(none)
  const [loading, setLoading] = useState(false)
  const next = useRef<{ readonly path: string; readonly cursor: string | null }>({ path, cursor: null })
  const aborting = useRef<AbortController | undefined>(undefined)
  const more = useCallback(() => {
    aborting.current?.abort()
    const mine = (aborting.current = new AbortController())
    const isFirst = next.current.path !== path || next.current.cursor === null
    const place = isFirst ? "" : `&cursor=${encodeURIComponent(next.current.cursor ?? "")}`
    setLoading(true)
    read(`${path}${place}`, mine.signal).then(
      (data) => {
        if (mine.signal.aborted) return
        next.current = { path, cursor: data.nextCursor }
        const found = data.entries
        setPages(({ entries }) => ({
          entries: isFirst ? found : [...entries, ...found],
          cursor: data.nextCursor,
          error: undefined,
        }))
        setLoading(false)
      },
      (error: unknown) => {
        if (mine.signal.aborted) return
        setPages((before) => ({
          ...before,
          error: errorOf(error),
        }))
        setLoading(false)
      },
    )
  }, [path, read])
  const reload = useCallback(() => {
    next.current = { path, cursor: null }
    more()
  }, [path, more])
  useEffect(() => () => aborting.current?.abort(), [])
  return { entries: pages.entries, error: pages.error, hasMore: pages.cursor !== null, loading, more, reload }
}

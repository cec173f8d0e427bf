/** Loads a value for a component, and again on demand or in an interval. An older answer never replaces a newer one. */
import { useCallback, useEffect, useState } from "preact/hooks"
import { errorOf } from "../kit/ErrorOf.ts"

export interface Loaded<Value> {
  /** The last value stays while the next one is read, or if reading it fails. */
  readonly value: Value | undefined
  readonly error: Error | undefined
  readonly loading: boolean
  readonly reload: () => void
}

interface State<Value> {
  readonly of: unknown
  readonly value?: Value
  readonly error?: Error
  readonly loading: boolean
}

/** `load` must be stable: wrap it in `useCallback`. Another `load` begins without a value. */
export const useLoaded = <Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  { everyMs }: { readonly everyMs?: number } = {},
): Loaded<Value> => {
  const [state, setState] = useState<State<Value>>({ of: load, loading: true })
  const [round, setRound] = useState(0)
  const reload = useCallback(() => setRound((count) => count + 1), [])
  useEffect(() => {
    const aborting = new AbortController()
    setState((before) => (before.of === load ? { ...before, loading: true } : { of: load, loading: true }))
    load(aborting.signal).then(
      (value) => aborting.signal.aborted || setState({ of: load, value, loading: false }),
      (error: unknown) =>
        aborting.signal.aborted ||
        setState((before) => ({
          ...before,
          error: errorOf(error),
          loading: false,
        })),
    )
    return () => aborting.abort()
  }, [load, round])
  useEffect(() => {
    if (everyMs === undefined) return undefined
    const timer = setInterval(() => document.hidden || reload(), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, reload])
  const current = state.of === load ? state : undefined
  return { value: current?.value, error: current?.error, loading: current?.loading ?? true, reload }
}

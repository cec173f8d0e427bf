/** Values outside of the components: a holder of one value, and the hook that reads such a holder. */
import { useEffect, useState } from "preact/hooks"

/** Runs `changed` after each change. Returns the function that ends this. */
type Subscribe = (changed: () => void) => () => void

export const useSyncExternalStore = <Value>(subscribe: Subscribe, read: () => Value): Value => {
  const [, render] = useState(0)
  const value = read()
  useEffect(() => {
    const changed = () => render((count) => count + 1)
    // The value may have changed between the first rendering and this effect.
    if (!Object.is(value, read())) changed()
    return subscribe(changed)
  }, [subscribe, read])
  return value
}

export interface Store<Value> {
  readonly get: () => Value
  readonly set: (value: Value) => void
  readonly subscribe: Subscribe
}

export const makeStore = <Value>(first: Value): Store<Value> => {
  const listeners = new Set<() => void>()
  let value = first
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return
      value = next
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export const useStore = <Value>(store: Store<Value>): Value =>
  useSyncExternalStore(store.subscribe, store.get)

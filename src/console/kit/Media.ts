/** Facts of the window as hooks. */
import { useMemo } from "preact/hooks"
import { useSyncExternalStore } from "./Store.ts"

export const useMedia = (query: string): boolean => {
  const media = useMemo(() => matchMedia(query), [query])
  const subscribe = useMemo(
    () => (changed: () => void) => {
      media.addEventListener("change", changed)
      return () => media.removeEventListener("change", changed)
    },
    [media],
  )
  const read = useMemo(() => () => media.matches, [media])
  return useSyncExternalStore(subscribe, read)
}

const subscribeOnline = (changed: () => void) => {
  addEventListener("online", changed)
  addEventListener("offline", changed)
  return () => {
    removeEventListener("online", changed)
    removeEventListener("offline", changed)
  }
}

export const useOnline = (): boolean => useSyncExternalStore(subscribeOnline, () => navigator.onLine)

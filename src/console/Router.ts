/** The view that the address names: `#/runs/<id>`. In the fragment, so that ids stay out of logs of servers. */
import { useSyncExternalStore } from "./kit/Store.ts"

export const views = ["chat", "runs", "crossfade", "sandbox"] as const
export type View = (typeof views)[number]

export interface Route {
  readonly view: View
  /** The parts of the path after the view. */
  readonly path: ReadonlyArray<string>
  readonly query: URLSearchParams
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const routeOf = (hash: string): Route => {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2)
  const [first = "", ...rest] = path
    .split("/")
    .filter((part) => part !== "")
    .map(decoded)
  const view = views.find((name) => name === first)
  return view === undefined
    ? { view: "chat", path: [], query: new URLSearchParams() }
    : { view, path: rest, query: new URLSearchParams(query) }
}

export const hrefOf = (view: View, ...path: ReadonlyArray<string>): string =>
  `#/${[view, ...path.map(encodeURIComponent)].join("/")}`

/** `replace` leaves no entry in the browser's history. */
export const navigate = (href: string, { replace = false } = {}): void => {
  if (replace) {
    history.replaceState(null, "", href)
    dispatchEvent(new HashChangeEvent("hashchange"))
  } else location.hash = href
}

const subscribe = (changed: () => void) => {
  addEventListener("hashchange", changed)
  return () => removeEventListener("hashchange", changed)
}

export const useRoute = (): Route => routeOf(useSyncExternalStore(subscribe, () => location.hash))

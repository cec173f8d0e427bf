/** The live view of the service, read once for all components that show it, and only while one does. */
import { eventsOf } from "../../client/Sse.ts"
import type { LiveView } from "../../api/LiveView.ts"
import { makeStore, type Store, useSyncExternalStore } from "../kit/Store.ts"
import { open } from "./Service.ts"
import { errorOf } from "../kit/ErrorOf.ts"

export interface LiveState {
  readonly view: LiveView | undefined
  /** The reason, while the connection is lost. `view` is then old. */
  readonly lost: string | undefined
}

const retryMs = 2000
/** A snapshot comes each second. */
const silenceMs = 10_000

const state: Store<LiveState> = makeStore<LiveState>({ view: undefined, lost: undefined })

const read = async (signal: AbortSignal): Promise<void> => {
  const quiet = new AbortController()
  const response = await open("/api/v1/runtime/live", {
    signal: AbortSignal.any([signal, quiet.signal]),
    headers: { accept: "text/event-stream" },
  })
  const watch = async <A>(reading: Promise<A>): Promise<A> => {
    const timer = setTimeout(() => quiet.abort(new Error(`No snapshot for ${silenceMs / 1000} s`)), silenceMs)
    return reading.finally(() => clearTimeout(timer))
  }
  if (response.body === null) throw new Error("The answer has no body.")
  for await (const { data, event } of eventsOf(response.body, watch)) {
    if (event === "error") throw new Error((JSON.parse(data) as { message: string }).message)
    if (event === "snapshot") state.set({ view: JSON.parse(data) as LiveView, lost: undefined })
  }
  throw new Error("The gateway closed the stream.")
}

const readOn = async (signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await read(signal).catch((error: unknown) => {
      if (!signal.aborted) state.set({ ...state.get(), lost: errorOf(error).message })
    })
    await new Promise((resume) => setTimeout(resume, retryMs))
  }
}

let readers = 0
let reading = new AbortController()

const subscribe = (changed: () => void) => {
  const unsubscribe = state.subscribe(changed)
  readers += 1
  if (readers === 1) {
    reading = new AbortController()
    void readOn(reading.signal)
  }
  return () => {
    unsubscribe()
    readers -= 1
    if (readers > 0) return
    reading.abort()
    state.set({ view: undefined, lost: undefined })
  }
}

export const useLive = (): LiveState => useSyncExternalStore(subscribe, state.get)

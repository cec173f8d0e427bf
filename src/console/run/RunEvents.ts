/** The events of one run, as they come: first the stored ones, then new ones until the run ends. */
import type { ChatEvent } from "../../client/Contract.ts"
import { CrossfadeError } from "../../client/CrossfadeError.ts"
import { eventsOf } from "../../client/Sse.ts"
import { makeStore, type Store } from "../kit/Store.ts"
import { open } from "../service/Service.ts"

interface RunEventsState {
  readonly events: ReadonlyArray<ChatEvent>
  readonly state: "reading" | "ended" | "failed"
  readonly error?: Error
}

export interface Followed {
  readonly store: Store<RunEventsState>
  readonly stop: () => void
}

const retryMs = 1000
/** A rendering for each event would be too slow. */
const flushMs = 80

const isEnd = ({ event }: ChatEvent): boolean => event === "done" || event === "error"

/** Follows the stream at `path` until the run ends or `stop` is called. */
export const follow = (path: string, runId: string, sessionId: string): Followed => {
  const aborting = new AbortController()
  const { signal } = aborting
  const store = makeStore<RunEventsState>({ events: [], state: "reading" })
  let waiting: Array<ChatEvent> = []
  let seq = 0
  let flushing: ReturnType<typeof setTimeout> | undefined

  const flush = () => {
    flushing = undefined
    const { events, state } = store.get()
    store.set({ events: [...events, ...waiting], state })
    waiting = []
  }

  const read = async (): Promise<boolean> => {
    const headers = {
      accept: "text/event-stream",
      ...(seq === 0 ? {} : { "last-event-id": `${runId}:${seq}` }),
    }
    const response = await open(path, { headers, signal })
    if (response.status === 204 || response.body === null) return true
    for await (const { data, event, id } of eventsOf(response.body, (chunk) => chunk)) {
      if (event !== "message" && event !== "done" && event !== "error") continue
      seq = Number(id?.slice(id.lastIndexOf(":") + 1))
      const found = { runId, sessionId, seq, event, data: JSON.parse(data) } as ChatEvent
      waiting.push(found)
      flushing ??= setTimeout(flush, flushMs)
      if (isEnd(found)) return true
    }
    return false
  }

  const run = async () => {
    for (;;) {
      try {
        if (await read()) break
      } catch (error) {
        if (signal.aborted) return
        // A lost connection comes back; a refusal does not.
        if (error instanceof CrossfadeError && error.status !== undefined) {
          store.set({ events: store.get().events, state: "failed", error })
          return
        }
      }
      if (signal.aborted) return
      await new Promise((resume) => setTimeout(resume, retryMs))
    }
    clearTimeout(flushing)
    flush()
    store.set({ events: store.get().events, state: "ended" })
  }

  void run()
  return {
    store,
    stop: () => {
      aborting.abort()
      clearTimeout(flushing)
    },
  }
}

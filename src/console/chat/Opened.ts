/** The conversation that the chat view shows: its store, and the session that the store has loaded or begun. */
import { useEffect, useMemo, useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import type { Session } from "../../client/Contract.ts"
import { type ChatState, ConversationStore } from "../../client/ConversationStore.ts"
import { makeStore, type Store, useSyncExternalStore } from "../kit/Store.ts"

export type SessionFacts = Omit<Session, "messages" | "hasMore" | "nextCursor">

export interface Opened {
  readonly key: string
  readonly store: ConversationStore
  /** The session that was opened; undefined for a new conversation. */
  readonly sessionId: string | undefined
  /** Undefined until the session has been read. */
  readonly facts: Store<SessionFacts | undefined>
}

interface Wanted {
  readonly client: Client
  readonly agentId: string
  readonly sessionId: string | undefined
}

const open = (key: string, { agentId, client, sessionId }: Wanted): Opened => {
  const facts = makeStore<SessionFacts | undefined>(undefined)
  const observed: Client = {
    ...client,
    session: async (id, options) => {
      const session = await client.session(id, options)
      facts.set(session)
      return session
    },
  }
  return { key, facts, sessionId, store: new ConversationStore({ client: observed, agentId, sessionId }) }
}

const idOf = ({ store }: Opened): string | undefined => store.getState().conversation.sessionId

/**
 * Another session, another agent of a new conversation, or a call of `renew` opens another store. A new conversation that gets
 * its session keeps its store.
 */
export const useOpened = (wanted: Wanted) => {
  const { agentId, sessionId } = wanted
  const [round, setRound] = useState(0)
  const [opened, setOpened] = useState(() => ({ ...open("0", wanted), round, agentId }))
  const isOther =
    opened.round !== round ||
    (sessionId === undefined
      ? opened.agentId !== agentId || opened.sessionId !== undefined || idOf(opened) !== undefined
      : sessionId !== (opened.sessionId ?? idOf(opened)))
  const current = isOther ? { ...open(`${Number(opened.key) + 1}`, wanted), round, agentId } : opened
  if (isOther) setOpened(current)
  useEffect(() => {
    void current.store.open()
    return current.store.close
  }, [current])
  return { opened: current, renew: () => setRound((count) => count + 1) }
}

/** Renders at most once per frame, because a run may send many events in one. */
export const useChat = (store: ConversationStore): ChatState => {
  const subscribe = useMemo(
    () => (changed: () => void) => {
      let frame = 0
      const unsubscribe = store.subscribe(() => {
        if (frame !== 0) return
        frame = requestAnimationFrame(() => {
          frame = 0
          changed()
        })
      })
      return () => {
        unsubscribe()
        cancelAnimationFrame(frame)
      }
    },
    [store],
  )
  return useSyncExternalStore(subscribe, store.getState)
}

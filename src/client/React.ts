/** The entry `crossfade-gateway/react`: one conversation as a hook. Works in StrictMode, which mounts twice. */
import { useEffect, useMemo, useSyncExternalStore } from "react"
import { type ChatState, type ConversationSettings, ConversationStore } from "./ConversationStore.ts"

export type UseCrossfade = ChatState &
  Pick<ConversationStore, "send" | "stop" | "retry" | "answer" | "edit" | "regenerate" | "show">

/**
 * Loads the session and continues its running turn on mount. An unmount stops reading and leaves the run alone. Create `client`
 * outside of the component: another client, agent or session begins another conversation.
 */
export const useCrossfade = ({ agentId, client, sessionId }: ConversationSettings): UseCrossfade => {
  const store = useMemo(
    () => new ConversationStore({ client, agentId, sessionId }),
    [client, agentId, sessionId],
  )
  useEffect(() => {
    void store.open()
    return store.close
  }, [store])
  const state = useSyncExternalStore(store.subscribe, store.getState, store.getState)
  const { answer, edit, regenerate, retry, send, show, stop } = store
  return useMemo(
    () => ({ ...state, send, stop, retry, answer, edit, regenerate, show }),
    [state, send, stop, retry, answer, edit, regenerate, show],
  )
}

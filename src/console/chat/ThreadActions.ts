/** The actions of a conversation. The object is the same as long as the conversation is, so that messages need no new rendering. */
import type { ConversationStore } from "../../client/ConversationStore.ts"

export interface ThreadActions {
  readonly edit: (key: string, text: string) => void
  readonly regenerate: (key: string, mode?: "runtime_orchestrator" | "direct_llm") => void
  readonly show: (messageId: string) => void
  readonly retry: () => void
  readonly answer: ConversationStore["answer"]
  /** Shows the events of a run. */
  readonly showEvents: (runId: string) => void
}

export const actionsOf = (
  store: ConversationStore,
  given: { readonly focus: () => void; readonly showEvents: (runId: string) => void },
): ThreadActions => ({
  edit: (key, text) => {
    void store.edit(key, text)
    given.focus()
  },
  regenerate: (key, mode) => {
    void store.regenerate(key, mode === undefined ? {} : { mode })
    given.focus()
  },
  show: (messageId) => void store.show(messageId),
  retry: () => {
    void store.retry()
    given.focus()
  },
  answer: store.answer,
  showEvents: given.showEvents,
})

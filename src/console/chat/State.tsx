/** The state of the conversation in words, and the failure of its last request. */
import { useEffect } from "preact/hooks"
import type { ChatState, ConversationStore } from "../../client/ConversationStore.ts"
import { Button, Notice } from "../kit/Kit.tsx"
import { useOnline } from "../kit/Media.ts"
import { signOut } from "../service/Access.ts"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { isFinal } from "./Advice.ts"
import { RequestProblem } from "./Problem.tsx"

const endings = { completed: "done", failed: "failedState", cancelled: "stoppedState" } as const

const stateKey = ({ conversation, failure, status }: ChatState): keyof typeof chatText | undefined => {
  if (status === "submitted") return "sending"
  if (status === "streaming") return "answering"
  if (status === "reconnecting") return failure?.status === undefined ? "resuming" : "waiting"
  const last = conversation.messages.at(-1)
  if (status !== "idle" || last?.role !== "assistant" || last.stored || last.status === "running")
    return undefined
  return endings[last.status]
}

/** Read by screen readers. The text of an answer is not, because it grows. */
export const Status = ({ state }: { readonly state: ChatState }) => {
  const t = useText(chatText)
  const key = stateKey(state)
  return (
    <p
      class={state.status === "reconnecting" ? "thread-status notice warn" : "thread-status quiet"}
      role="status"
    >
      {key !== undefined && t(key, { code: state.failure?.code ?? "" })}
    </p>
  )
}

/** A connection that is back is used at once, and not at the time of the next try. */
const useReturn = (store: ConversationStore): void => {
  useEffect(() => {
    const back = () => {
      const { error, status } = store.getState()
      if (status === "reconnecting") {
        store.close()
        void store.open()
      } else if (status === "idle" && error?.code === "CONNECTION_LOST") void store.retry()
    }
    addEventListener("online", back)
    return () => removeEventListener("online", back)
  }, [store])
}

export const Problems = ({
  putBack,
  renew,
  state,
  store,
}: {
  readonly state: ChatState
  readonly store: ConversationStore
  readonly putBack: (text: string) => void
  /** Loads the conversation again. */
  readonly renew: () => void
}) => {
  const t = useText(chatText)
  const isOnline = useOnline()
  useReturn(store)
  const { conversation, error, status } = state
  const last = conversation.messages.at(-1)
  const refused = last?.role === "user" && last.refused ? last.content : undefined
  return (
    <>
      {!isOnline && <Notice tone="warn">{t("offline")}</Notice>}
      {status === "idle" && error !== undefined && (
        <RequestProblem error={error}>
          {!isFinal(error) && (
            <Button onClick={() => (last === undefined ? renew() : void store.retry())}>
              {t("tryAgain")}
            </Button>
          )}
          {refused !== undefined && refused !== "" && (
            <Button onClick={() => putBack(refused)}>{t("putBack")}</Button>
          )}
          {error.status === 401 && (
            <Button
              onClick={() => {
                if (refused !== undefined) putBack(refused)
                signOut(error.message)
              }}
            >
              {t("signInAgain")}
            </Button>
          )}
        </RequestProblem>
      )}
    </>
  )
}

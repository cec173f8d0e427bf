/** The messages of a conversation, and the button that returns to the end. */
import { useEffect, useMemo } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import { pendingInterrupts } from "../../client/Conversation.ts"
import type { ChatState } from "../../client/ConversationStore.ts"
import { useMedia } from "../kit/Media.ts"
import { Button } from "../kit/Kit.tsx"
import { type Account, may } from "../service/Access.ts"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { AnswerBox } from "./AnswerBox.tsx"
import { Interrupts } from "./Interrupts.tsx"
import { QuestionBox } from "./QuestionBox.tsx"
import type { useStickToEnd } from "./StickToEnd.ts"
import type { ThreadActions } from "./ThreadActions.ts"

interface MessagesProps {
  readonly account: Account
  readonly actions: ThreadActions
  readonly client: Client
  readonly state: ChatState
  readonly end: ReturnType<typeof useStickToEnd>
  /** The message that a search found. */
  readonly soughtId: string | undefined
}

/** Scrolls once to the message that was sought. */
const useSought = ({ end, soughtId, state }: MessagesProps) => {
  const isThere = state.conversation.messages.some(({ messageId }) => messageId === soughtId)
  useEffect(() => {
    if (soughtId === undefined || !isThere) return
    end.leave()
    end.content.current
      ?.querySelector(`[data-message="${CSS.escape(soughtId)}"]`)
      ?.scrollIntoView({ block: "center" })
  }, [soughtId, isThere])
}

const Empty = ({ state }: Pick<MessagesProps, "state">) => {
  const t = useText(chatText)
  if (state.status === "loading")
    return (
      <p class="quiet empty" role="status">
        {t("readSession")}
      </p>
    )
  if (state.error !== undefined) return <p class="quiet empty">{t("unread")}</p>
  return (
    <div class="empty">
      <h2>{t("start")}</h2>
      <p class="quiet">{t("startHelp")}</p>
    </div>
  )
}

const All = ({ account, actions, client, soughtId, state }: MessagesProps) => {
  const isWide = useMedia("(min-width: 72rem)")
  const { messages } = state.conversation
  const isBusy = state.status !== "idle"
  const mayWrite = may(account, "chat:write")
  // A refused message that another one has followed was sent again.
  const shown = messages.filter(
    (message, index) => index === messages.length - 1 || message.role === "assistant" || !message.refused,
  )
  return (
    <>
      {shown.map((message, index) => (
        <div
          key={message.key}
          class={soughtId !== undefined && message.messageId === soughtId ? "sought" : undefined}
        >
          {message.role === "user" ? (
            <QuestionBox question={message} actions={actions} isBusy={isBusy} mayWrite={mayWrite} />
          ) : (
            <AnswerBox
              answer={message}
              account={account}
              actions={actions}
              client={client}
              isBusy={isBusy}
              isLast={index === shown.length - 1}
              isWide={isWide}
            />
          )}
        </div>
      ))}
    </>
  )
}

export const Messages = (props: MessagesProps) => {
  const t = useText(chatText)
  const { actions, end, state } = props
  const { answers, conversation, status } = state
  useSought(props)
  const pending = useMemo(() => pendingInterrupts(conversation), [conversation])
  return (
    <div class="messages-place">
      <div
        class="messages"
        ref={end.box}
        tabIndex={0}
        role="group"
        aria-label={t("conversation")}
        onScroll={end.onScroll}
      >
        <div class="messages-content" ref={end.content}>
          {conversation.messages.length === 0 ? <Empty state={state} /> : <All {...props} />}
          {status === "idle" && (
            <Interrupts
              pending={pending}
              actions={actions}
              given={answers.map(({ interruptId }) => interruptId)}
            />
          )}
        </div>
      </div>
      {end.isAway && (
        <Button class="to-end" onClick={end.jump}>
          ↓ {t("latest")}
        </Button>
      )}
    </div>
  )
}

/** One conversation: its messages, its state and the field for the next message. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks"
import type { AgentView } from "../../api/AgentsApi.ts"
import type { Client } from "../../client/Client.ts"
import type { ChatState } from "../../client/ConversationStore.ts"
import { Notice } from "../kit/Kit.tsx"
import { type Account, may } from "../service/Access.ts"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { useAttachments } from "./Attachments.ts"
import { Composer } from "./Composer.tsx"
import { turnCurl } from "./Curl.ts"
import { useDraft } from "./Draft.ts"
import { anyOf } from "./FileKinds.ts"
import { Messages } from "./Messages.tsx"
import { type Opened, useChat } from "./Opened.ts"
import { RawEvents } from "./RawEvents.tsx"
import { Problems, Status } from "./State.tsx"
import { useStickToEnd } from "./StickToEnd.ts"
import { actionsOf } from "./ThreadActions.ts"

interface ThreadProps {
  readonly account: Account
  readonly agent: AgentView | undefined
  readonly agentId: string
  readonly client: Client
  readonly opened: Opened
  readonly soughtId: string | undefined
  readonly renew: () => void
}

/** The request that began the run, for the shell. */
const curlOf = ({ conversation }: ChatState, runId: string, agentId: string): string | undefined => {
  const { messages, sessionId } = conversation
  const index = messages.findIndex((message) => message.role === "assistant" && message.runId === runId)
  const question = messages[index - 1]
  if (question?.role !== "user") return undefined
  return turnCurl({
    origin: location.origin,
    agentId,
    sessionId: index === 1 ? undefined : sessionId,
    message: question.content,
    fileIds: question.attachments.map(({ fileId }) => fileId),
  })
}

/** Shows the branch of the message that a search found, if it is another one. */
const useSoughtBranch = ({ opened, soughtId }: ThreadProps, state: ChatState): void => {
  const isLoaded = state.status === "idle" && state.conversation.messages.length > 0
  useEffect(() => {
    if (soughtId === undefined || !isLoaded) return
    const { messages } = opened.store.getState().conversation
    if (!messages.some(({ messageId }) => messageId === soughtId)) void opened.store.show(soughtId)
  }, [opened, soughtId, isLoaded])
}

const useParts = (props: ThreadProps) => {
  const { account, agent, client, opened } = props
  const { store } = opened
  const state = useChat(store)
  const end = useStickToEnd()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, change] = useDraft(account, opened.sessionId)
  const attachments = useAttachments(client, agent?.attachments)
  const [eventsOf, showEvents] = useState<string>()
  const actions = useMemo(
    () => actionsOf(store, { focus: () => field.current?.focus(), showEvents }),
    [store],
  )
  useSoughtBranch(props, state)
  useLayoutEffect(() => field.current?.focus(), [])
  const send = () => {
    const { uploaded } = attachments
    void store.send(text.trim() === "" ? "" : text, uploaded.length === 0 ? undefined : uploaded)
    change("")
    attachments.clear()
    end.jump()
  }
  const putBack = (refused: string) => {
    change(refused)
    field.current?.focus()
  }
  return { actions, attachments, change, end, eventsOf, field, putBack, send, showEvents, state, text }
}

/** Files may be dropped anywhere on the conversation. */
const useDrop = (add: (files: ReadonlyArray<File>) => void) => {
  const [isOver, setOver] = useState(false)
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") === true
  return {
    isOver,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setOver(true)
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setOver(false)
        add([...(event.dataTransfer?.files ?? [])])
      },
    },
  }
}

export const Thread = (props: ThreadProps) => {
  const t = useText(chatText)
  const { account, agent, agentId, client, opened, renew, soughtId } = props
  const { store } = opened
  const parts = useParts(props)
  const { actions, attachments, eventsOf, putBack, state } = parts
  const { handlers, isOver } = useDrop(attachments.add)
  const isBusy = state.status !== "idle" && state.status !== "loading"
  return (
    <div
      class={isOver ? "thread over" : "thread"}
      onKeyDown={({ defaultPrevented, key }) => key === "Escape" && !defaultPrevented && void store.stop()}
      {...handlers}
    >
      <Messages {...{ account, actions, client, soughtId, state }} end={parts.end} />
      <div class="thread-foot">
        {isOver && <Notice>{t("dropHere")}</Notice>}
        <Problems state={state} store={store} putBack={putBack} renew={renew} />
        <Status state={state} />
        {may(account, "chat:write") ? (
          <Composer
            {...parts}
            isBusy={isBusy}
            stop={() => void store.stop()}
            takesFiles={agent === undefined || anyOf(agent.attachments).length > 0}
          />
        ) : (
          <Notice>{t("readOnly")}</Notice>
        )}
      </div>
      {eventsOf !== undefined && (
        <RawEvents
          client={client}
          runId={eventsOf}
          requestCurl={curlOf(state, eventsOf, agentId)}
          close={() => parts.showEvents(undefined)}
        />
      )}
    </div>
  )
}

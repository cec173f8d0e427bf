/** The chat: the list of conversations, and the one that the address names: `#/chat/<sessionId>`. */
import "./turn.css"
import "./chat.css"
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import type { AgentView } from "../../api/AgentsApi.ts"
import { createClient } from "../../client/Client.ts"
import type { ConversationStore } from "../../client/ConversationStore.ts"
import { Button, Failure } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { hrefOf, navigate, routeOf } from "../Router.ts"
import { may, tokenNow } from "../service/Access.ts"
import { chatText } from "../text/ChatText.ts"
import { sidebarText } from "../text/SidebarText.ts"
import { useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"
import { defaultAgentId, useAgents } from "./Agents.ts"
import { type Opened, useOpened } from "./Opened.ts"
import { SessionList } from "./SessionList.ts"
import { Shortcuts, useShortcuts } from "./Shortcuts.tsx"
import { Sidebar } from "./Sidebar.tsx"
import { Thread } from "./Thread.tsx"
import { visible } from "../../domain/PlainText.ts"

/** Reads the list at first, when the page is shown again, and after each change of a run. */
const useFreshList = (list: SessionList, store: ConversationStore): void => {
  useEffect(() => {
    void list.reload()
    const show = () => document.hidden || void list.reload()
    document.addEventListener("visibilitychange", show)
    return () => document.removeEventListener("visibilitychange", show)
  }, [list])
  useEffect(() => {
    let before = store.getState()
    return store.subscribe(() => {
      const now = store.getState()
      const hasBegun = now.conversation.sessionId !== before.conversation.sessionId
      const hasEnded = now.status === "idle" && before.status !== "idle" && before.status !== "loading"
      before = now
      const { sessionId } = now.conversation
      if (hasBegun && sessionId !== undefined && routeOf(location.hash).path[0] !== sessionId)
        navigate(hrefOf("chat", sessionId), { replace: true })
      if (hasBegun || hasEnded) void list.reload()
    })
  }, [list, store])
}

/** A session that was deleted is not shown any longer. */
const useDeleted = (list: SessionList, sessionId: string | undefined): void => {
  const { deleted } = useStore(list.state)
  useEffect(() => {
    if (deleted !== undefined && deleted.session.id === sessionId) navigate(hrefOf("chat"), { replace: true })
  }, [deleted])
}

/** Another tab has sent a message to the conversation: it is read again. */
const useOtherTabs = (list: SessionList, { store }: Opened, renew: () => void): void => {
  const { sessions } = useStore(list.state)
  useEffect(() => {
    const { conversation, status } = store.getState()
    const runId = sessions?.find(({ id }) => id === conversation.sessionId)?.activeRunId ?? null
    if (status !== "idle" || runId === null) return
    const isKnown = conversation.messages.some(
      (message) => message.role === "assistant" && message.runId === runId,
    )
    if (!isKnown) renew()
  }, [sessions])
}

const AgentChoice = ({
  agents,
  choose,
  chosen,
}: {
  readonly agents: ReadonlyArray<AgentView>
  readonly chosen: string
  readonly choose: (agentId: string) => void
}) => {
  const t = useText(chatText)
  return (
    <select
      aria-label={t("agent")}
      value={chosen}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
    >
      {agents.map(({ id, settings }) => (
        <option key={id} value={id}>
          {visible(settings.name)}
        </option>
      ))}
    </select>
  )
}

const useChatView = ({ account, route }: ViewProps) => {
  const client = useMemo(() => createClient({ baseUrl: "", token: tokenNow }), [])
  const list = useMemo(() => new SessionList(client), [client])
  const { active, agents, error, reload } = useAgents(account)
  const [chosenAgent, chooseAgent] = useState<string>()
  const agentId = chosenAgent ?? active[0]?.id ?? defaultAgentId
  const sessionId = route.path[0]
  const { opened, renew } = useOpened({ client, agentId, sessionId })
  useFreshList(list, opened.store)
  useOtherTabs(list, opened, renew)
  useDeleted(list, sessionId)
  const facts = useStore(opened.facts)
  const { sessions } = useStore(list.state)
  const session = sessions?.find(({ id }) => id === sessionId) ?? facts
  const ownAgentId = session?.agentId ?? agentId
  return {
    agentError: error,
    reloadAgents: reload,
    active,
    agent: agents.find(({ id }) => id === ownAgentId),
    agentId: ownAgentId,
    chooseAgent,
    client,
    list,
    opened,
    renew,
    session,
    sessionId,
  }
}

export const ChatView = (props: ViewProps) => {
  const t = useText(chatText)
  const s = useText(sidebarText)
  const { account, route } = props
  const view = useChatView(props)
  const { agent, client, list, opened, renew, session, sessionId } = view
  const [isListOpen, setListOpen] = useState(false)
  const [isHelpShown, setHelpShown] = useState(false)
  const listButton = useRef<HTMLButtonElement>(null)
  const closeList = () => {
    setListOpen(false)
    listButton.current?.focus()
  }
  const create = () => {
    setListOpen(false)
    if (sessionId === undefined) renew()
    navigate(hrefOf("chat"))
  }
  useEffect(() => setListOpen(false), [sessionId])
  useShortcuts({
    create,
    help: () => setHelpShown(true),
    search: () => {
      setListOpen(true)
      requestAnimationFrame(() => document.getElementById("search")?.focus())
    },
  })
  return (
    <div class="chat">
      <Sidebar
        client={client}
        list={list}
        shownId={sessionId}
        mayWrite={may(account, "sessions:write")}
        isOpen={isListOpen}
        create={create}
        close={closeList}
      />
      <section class="conversation" aria-label={t("conversation")}>
        <header class="conversation-head">
          <button
            type="button"
            class="button narrow-only"
            ref={listButton}
            aria-expanded={isListOpen}
            onClick={() => setListOpen(true)}
          >
            ☰ {s("conversations")}
          </button>
          <h1>{session?.title ?? (sessionId === undefined ? t("newConversation") : s("untitled"))}</h1>
          {sessionId === undefined && view.active.length > 1 ? (
            <AgentChoice agents={view.active} chosen={view.agentId} choose={view.chooseAgent} />
          ) : (
            agent !== undefined && <span class="quiet">{visible(agent.settings.name)}</span>
          )}
          <Button
            look="bare"
            aria-label={t("shortcuts")}
            title={t("shortcuts")}
            onClick={() => setHelpShown(true)}
          >
            ⌨
          </Button>
        </header>
        {view.agentError !== undefined && <Failure error={view.agentError} retry={view.reloadAgents} />}
        <Thread
          key={opened.key}
          {...{ account, agent, client, opened, renew }}
          agentId={view.agentId}
          soughtId={route.query.get("message") ?? undefined}
        />
      </section>
      {isHelpShown && <Shortcuts close={() => setHelpShown(false)} />}
    </div>
  )
}

/** Test data for the stores: users, turns and events, with new ids every time. */
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import { type AgentSettings, defaultAgentId } from "../../src/domain/Agent.ts"
import { MessageId, OrgId, RunId, SessionId, UserId } from "../../src/domain/Ids.ts"
import type { Principal } from "../../src/domain/Principal.ts"
import type { Attempt, Run } from "../../src/domain/Run.ts"
import type { ShadowPair } from "../../src/domain/ShadowPair.ts"
import type { ChatMessage, Session } from "../../src/domain/Session.ts"
import type { Message } from "../../src/protocol/agent2ui/Message.ts"
import * as RunPages from "../../src/store/RunPages.ts"
import type { Pages } from "../../src/store/RunPages.ts"
import { Runs } from "../../src/store/Runs.ts"
import { SessionLists, type SessionPage } from "../../src/store/SessionLists.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import type { ShownMessage } from "../../src/store/ShownMessage.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"

/** Emoji, quotes of every kind, SQL and JSON syntax, line and paragraph separators, bidi marks, NUL, a lone surrogate. */
export const naughty = `👩‍👩‍👧‍👦 ' " \` '' "" \\ \\" ; DROP TABLE runs; -- $1 ? % _ {"a":[null]} \u2028\u2029\u202e\ufeff é\u0301 \r\n\t \u0000 \ud800 end`

export const newPrincipal = (orgId: string = uuidV7Unsafe()): Principal => ({
  orgId: OrgId.make(orgId),
  userId: UserId.make(uuidV7Unsafe()),
  permissions: ["*"],
})

export const settings = (name: string): AgentSettings => ({
  name,
  active: true,
  systemPrompt: naughty,
  temperature: 0.5,
  mcpServers: [
    {
      id: "docs",
      name: "Docs",
      endpoint: "http://localhost/mcp",
      transport: "http",
      isConnected: true,
      authConfig: { token: naughty },
      availableTools: [{ name: "search", description: "", parameters: { type: "object" } }],
    },
  ],
  subAgents: [{ id: "critic", name: "Critic", description: "", systemPrompt: "Doubt.", maxTokens: 10 }],
})

export interface Turn {
  readonly session: Session
  readonly isNewSession: boolean
  readonly userMessage: ChatMessage
  readonly run: Run
  readonly repeats: boolean
}

/** A moment beyond 2^31 milliseconds: an int4 cannot hold it. */
export const noon = Date.UTC(2026, 10, 22, 12)

export const newTurn = (
  principal: Principal,
  { session, content = "Hello", at = noon }: { session?: Session; content?: string; at?: number } = {},
): Turn => {
  const { orgId, userId } = principal
  const runId = RunId.make(uuidV7Unsafe())
  const own: Session = {
    id: SessionId.make(uuidV7Unsafe()),
    orgId,
    userId,
    agentId: defaultAgentId,
    title: content.slice(0, 80),
    cohort: null,
    createdAt: at,
    updatedAt: at,
  }
  const { id: sessionId } = session ?? own
  const userMessage: ChatMessage = {
    id: MessageId.make(uuidV7Unsafe()),
    sessionId,
    runId,
    role: "user",
    content,
    parentMessageId: null,
    executionMode: null,
    createdAt: at,
  }
  const run: Run = {
    id: runId,
    sessionId,
    orgId,
    userId,
    agentId: defaultAgentId,
    userMessageId: userMessage.id,
    assistantMessageId: null,
    status: "running",
    decision: {
      order: ["runtime_orchestrator", "direct_llm"],
      reason: "rollout",
      probe: false,
      shadow: "direct_llm",
      rules: [{ rule: "kill switch", result: "off", decided: false }],
    },
    executionMode: null,
    error: null,
    usage: null,
    model: null,
    finishReason: null,
    traceId: null,
    createdAt: at,
    endedAt: null,
  }
  return { session: session ?? own, isNewSession: session === undefined, userMessage, run, repeats: false }
}

export const begun = (turn: Turn = newTurn(newPrincipal())) =>
  Effect.as(
    Runs.use((runs) => runs.begin(turn)),
    turn,
  )

/** A pair of shadow runs is stored only while its run exists. */
export const addPair = (pair: ShadowPair) =>
  Effect.gen(function* () {
    const { runId } = pair
    const turn = newTurn(newPrincipal(pair.orgId))
    yield* begun({
      ...turn,
      run: { ...turn.run, id: runId },
      userMessage: { ...turn.userMessage, runId },
    })
    yield* (yield* ShadowPairs).add(pair)
  })
/** The messages without the facts that their session shows. */
export const plain = (messages: ReadonlyArray<ShownMessage>): ReadonlyArray<ChatMessage> =>
  messages.map(({ content, createdAt, executionMode, id, parentMessageId, role, runId, sessionId }) => ({
    ...{ id, sessionId, runId, role, content, parentMessageId, executionMode, createdAt },
  }))

/** The message of a run that an interruption ends. */
export const seen = (content = ""): { id: MessageId; content: string; parts: ReadonlyArray<Message> } => ({
  id: MessageId.make(uuidV7Unsafe()),
  content,
  parts:
    content === ""
      ? []
      : [{ id: "r:1", type: "text", data: { content }, timestamp: new Date(noon).toISOString() }],
})

/** A turn of a session whose next one may begin. */
export const answered = (turn: Turn) =>
  Effect.gen(function* () {
    yield* begun(turn)
    yield* (yield* Runs).end(completed(turn, "Hi").ended, undefined)
    return turn
  })

/** The answer to a turn, and the run after its end. */
export const completed = ({ run, userMessage }: Turn, content: string) => {
  const message: ChatMessage = {
    ...userMessage,
    id: MessageId.make(uuidV7Unsafe()),
    role: "assistant",
    content,
    parentMessageId: userMessage.id,
    executionMode: "direct_llm",
    createdAt: userMessage.createdAt + 1,
  }
  const ended: Run = {
    ...run,
    status: "completed",
    assistantMessageId: message.id,
    executionMode: "direct_llm",
    usage: { tokens: 7, estimated: true },
    endedAt: run.createdAt + 1,
  }
  return { message, ended }
}

export const textEntry = (seq: number, content: string): LogEntry => ({
  seq,
  event: {
    event: "message",
    data: { id: `m${seq}`, type: "text", data: { content }, timestamp: "2026-11-22T12:00:00.000Z" },
  },
})

/** Entries `from` to `to`, both included. */
export const textEntries = (from: number, to: number, content = "…"): ReadonlyArray<LogEntry> =>
  Array.from({ length: to - from + 1 }, (_, index) => textEntry(from + index, content))

export const attempt = (number: number, shadow: boolean): Attempt => ({
  number,
  mode: "direct_llm",
  target: "openai",
  shadow,
  startedAt: noon,
  firstProgressAt: noon + 5,
  firstContentAt: null,
  endedAt: noon + 10,
  outcome: "timeout_first_content",
  code: "FIRST_CONTENT_TIMEOUT",
  usage: null,
  model: "model-1",
  failure: "429 insufficient_quota",
})

/** The events of a run after `after`, page by page. */
export const allEvents = Effect.fnUntraced(function* (id: RunId, after: number) {
  const runs = yield* Runs
  const entries: Array<LogEntry> = []
  const pages: Pages = (seq) => runs.events(id, seq)
  yield* RunPages.each(pages, after, Number.POSITIVE_INFINITY, (entry) => void entries.push(entry))
  return entries
})

/** The ids of the first page of a user's sessions. */
export const listedSessions = (owner: Principal, page: Partial<SessionPage> = {}) =>
  SessionLists.use((lists) =>
    Effect.map(lists.list(owner, { order: "activity", limit: 100, ...page }), ({ entries }) =>
      entries.map(({ id }) => id),
    ),
  )

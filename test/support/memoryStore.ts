/** A store in memory behind the same ports as the real ones, to show that a test only swaps a layer. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Agent, defaultAgentId } from "../../src/domain/Agent.ts"
import type { MessageId, RunId, SessionId } from "../../src/domain/Ids.ts"
import type { Attempt, Run } from "../../src/domain/Run.ts"
import type { ChatMessage, Session } from "../../src/domain/Session.ts"
import type { ShadowPair } from "../../src/domain/ShadowPair.ts"
import { AgentNotFound, Agents } from "../../src/store/Agents.ts"
import { Baselines } from "../../src/store/Baselines.ts"
import { Messages } from "../../src/store/Messages.ts"
import { Replicas } from "../../src/store/Replicas.ts"
import { type RunLost, RunNotFound, Runs } from "../../src/store/Runs.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { SessionLists } from "../../src/store/SessionLists.ts"
import { type BranchMessage, type TreeMessage, SessionNotFound, Sessions } from "../../src/store/Sessions.ts"
import { StoreHealth } from "../../src/store/StoreHealth.ts"
import { shownOf } from "../../src/store/ShownMessage.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import { TokenSpend } from "../../src/store/TokenSpend.ts"
import { Transitions } from "../../src/store/Transitions.ts"
import { TurnKeys } from "../../src/store/TurnKeys.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { cohortRuns, memoryAutopilots } from "./memoryAutopilots.ts"
import { memoryRolloutStore } from "./memoryRollout.ts"

const agent: Agent = {
  id: defaultAgentId,
  orgId: null,
  settings: { name: "A", active: true, systemPrompt: "", mcpServers: [], subAgents: [] },
  createdAt: 0,
  updatedAt: 0,
}

export const memory = () => ({
  sessions: new Map<string, Session>(),
  messages: [] as Array<ChatMessage>,
  runs: new Map<string, Run>(),
  /** The runs whose user repeated the last message. */
  repeats: [] as Array<string>,
  attempts: [] as Array<Attempt>,
  events: [] as Array<LogEntry>,
  shadowPairs: [] as Array<ShadowPair>,
  /** If set, the end of a run cannot be stored. */
  failEnd: undefined as RunLost | StoreError | undefined,
})

export type Memory = ReturnType<typeof memory>

const isAnswered = (data: Memory, runId: RunId, { id, role }: ChatMessage): boolean => {
  const answer = data.runs.get(runId)?.assistantMessageId ?? null
  return role === "user" ? answer !== null : answer === id
}

/** From the first message of the branch to `end`, by default the session's last message. */
const branchOf = (data: Memory, sessionId: SessionId, end: MessageId | undefined) => {
  const messages = data.messages.filter((message) => message.sessionId === sessionId)
  const branch: Array<BranchMessage> = []
  let message = end === undefined ? messages.at(-1) : messages.find(({ id }) => id === end)
  while (message !== undefined) {
    const { parentMessageId, runId } = message
    branch.unshift({
      ...message,
      record: "record" in message ? (message.record ?? null) : null,
      answered: isAnswered(data, runId, message),
      attachments: [],
    })
    message = messages.find(({ id }) => id === parentMessageId)
  }
  return branch
}

const treeOf = (data: Memory, sessionId: SessionId): ReadonlyArray<TreeMessage> =>
  data.messages
    .filter((message) => message.sessionId === sessionId)
    .map((message) => ({
      ...message,
      answers: message.role === "user" && "record" in message && message.record !== undefined,
      answered: isAnswered(data, message.runId, message),
    }))

export const layer = (data: Memory) => {
  const runs = Layer.mock(Runs, {
    begin: ({ repeats, retries, run, session, userMessage }) =>
      Effect.sync(() => {
        data.sessions.set(session.id, session)
        const place = data.messages.findIndex(({ id }) => id === userMessage.id)
        if (retries === undefined) data.messages.push(userMessage)
        else data.messages[place] = userMessage
        data.runs.set(run.id, run)
        if (repeats) data.repeats.push(run.id)
      }),
    append: (batches) =>
      Effect.sync(() => void data.events.push(...batches.flatMap(({ entries }) => entries))),
    recordAttempt: (_, attempt) => Effect.sync(() => void data.attempts.push(attempt)),
    recordFile: () => Effect.void,
    end: (end, message, rest) =>
      Effect.suspend(() => {
        if (data.failEnd !== undefined) return Effect.fail(data.failEnd)
        data.attempts.push(...(rest?.attempts ?? []))
        data.events.push(...(rest?.entries ?? []))
        data.runs.set(end.id, { ...data.runs.get(end.id)!, ...end })
        if (message !== undefined) data.messages.push(message)
        return Effect.void
      }),
    get: (_, runId) =>
      Effect.suspend(() => {
        const run = data.runs.get(runId)
        return run === undefined
          ? Effect.fail(new RunNotFound({ runId }))
          : Effect.succeed({ run, attempts: data.attempts })
      }),
  })
  const sessions = Layer.mock(Sessions, {
    get: (_, sessionId) =>
      Effect.suspend(() => {
        const session = data.sessions.get(sessionId)
        return session === undefined
          ? Effect.fail(new SessionNotFound({ sessionId }))
          : Effect.succeed(session)
      }),
    messages: () =>
      Effect.sync(() => ({
        entries: data.messages.map((message) =>
          shownOf({ parts: null, attachments: [], answers: [], ...message }, new Map()),
        ),
        next: null,
      })),
    branch: (sessionId, end) => Effect.sync(() => branchOf(data, sessionId, end)),
    tree: (sessionId) => Effect.sync(() => treeOf(data, sessionId)),
  })
  const agents = Layer.mock(Agents, {
    get: (_, agentId) =>
      agentId === agent.id ? Effect.succeed(agent) : Effect.fail(new AgentNotFound({ agentId })),
  })
  const tokenSpend = Layer.succeed(TokenSpend, { spent: () => Effect.succeed(0), add: () => Effect.void })
  const sessionLists = Layer.mock(SessionLists, {})
  const messages = Layer.mock(Messages, {})
  const transitions = Layer.mock(Transitions, { last: Effect.succeed([]), add: () => Effect.void })
  const baselines = Layer.mock(Baselines, { find: () => Effect.undefined, put: () => Effect.void })
  const shadowPairs = Layer.mock(ShadowPairs, {
    add: (pair) => Effect.sync(() => void data.shadowPairs.push(pair)),
    count: () => Effect.void,
    trim: () => Effect.void,
  })
  const turnKeys = Layer.mock(TurnKeys, { find: () => Effect.undefined })
  const replicas = Layer.mock(Replicas, {
    exclusive: true,
    beat: Effect.succeed({ known: true, others: [] }),
    remove: () => Effect.succeed([]),
    running: () => Effect.succeed([]),
    retire: Effect.void,
  })
  const storeHealth = Layer.succeed(StoreHealth, { isUp: Effect.succeed(true), whileUp: (use) => use })
  return Layer.mergeAll(
    replicas,
    storeHealth,
    runs,
    turnKeys,
    sessions,
    sessionLists,
    messages,
    agents,
    baselines,
    tokenSpend,
    transitions,
    shadowPairs,
    memoryRolloutStore(),
    memoryAutopilots(),
    cohortRuns([]),
  )
}

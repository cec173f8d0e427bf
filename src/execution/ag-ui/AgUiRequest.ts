/** Builds the input of an AG-UI run from a turn. Pure. */
import type { Turn } from "../Executor.ts"
import { contentOf } from "./AgUiContent.ts"
import * as AgUiAnswers from "./AgUiAnswers.ts"
import type { Facts } from "./AgUiMapping.ts"
import * as AgUiPast from "./AgUiPast.ts"
import * as AgUiThread from "./AgUiThread.ts"
import type { Message, RunAgentInput } from "./AgUiWire.ts"

/** `last`: the agent keeps the conversation, so only messages that its thread does not have are sent. */
type History = "full" | "last"

/** The same id in each turn: LangGraph replaces a message with a known id. */
const systemMessage = ({ id, settings: { systemPrompt } }: Turn["agent"]): ReadonlyArray<Message> =>
  systemPrompt === "" ? [] : [{ id: `system-${id}`, role: "system", content: systemPrompt }]

const isPending = ({ resume }: Turn): boolean => resume !== undefined && resume.interrupts.length > 0

const userMessage = ({ attachments, files, message, messageId }: Turn): Message => ({
  id: messageId,
  role: "user",
  content: contentOf(files, { attachments, content: message.toWellFormed() }),
})

/** The past messages from the position `from`. A caller that supplies the history has no stored messages. */
const pastMessages = ({ files, history, messageId, past }: Turn, from = 0): ReadonlyArray<Message> =>
  past.length > 0
    ? AgUiPast.messagesOf(past.slice(from), files)
    : history
        .slice(0, -1)
        .map((message, index) => AgUiPast.messageOf(`${messageId}-${index}`, message, files))

const answeredOf = ({ message, past, resume }: Turn): ReadonlyArray<AgUiAnswers.Answered> =>
  resume === undefined
    ? []
    : AgUiAnswers.answeredOf(resume, AgUiPast.lastRecordOf(past)?.pending ?? [], message)

/** The answers take the place of the user's message: a result must follow its call. */
const newMessages = (turn: Turn, answered: ReadonlyArray<AgUiAnswers.Answered>): ReadonlyArray<Message> =>
  isPending(turn)
    ? AgUiAnswers.resultsOf(answered, (toolCallId) => `${turn.messageId}-${toolCallId}`)
    : [userMessage(turn)]

export const make = (given: Turn, history: History): RunAgentInput => {
  const thread = AgUiThread.of(given)
  const turn = AgUiThread.restarted(given)
  const answered = answeredOf(turn)
  const resume = AgUiAnswers.entriesOf(answered)
  const command = AgUiAnswers.commandOf(answered)
  const past = pastMessages(turn, history === "full" ? 0 : thread.known)
  return {
    threadId: thread.id,
    runId: turn.runId,
    protocolVersion: "1.0",
    state: AgUiPast.stateOf(turn.past) ?? {},
    messages: [...systemMessage(turn.agent), ...past, ...newMessages(turn, answered)],
    tools: [],
    context: [],
    forwardedProps: command === undefined ? {} : { command },
    ...(resume.length === 0 ? {} : { resume }),
  }
}

/** The facts about the conversation that the mapping of the answer needs. */
export const factsOf = (given: Turn): Omit<Facts, "errorPatterns" | "runId"> => {
  const { id } = AgUiThread.of(given)
  const turn = AgUiThread.restarted(given)
  const past = pastMessages(turn)
  const calls = past.flatMap((message) => (message.role === "assistant" ? (message.toolCalls ?? []) : []))
  return {
    user: isPending(turn) ? undefined : { id: turn.messageId, content: turn.message },
    knownIds: new Set(past.map(({ id }) => id)),
    pastCalls: new Map(calls.map(({ function: { name }, id }) => [id, name])),
    state: AgUiPast.stateOf(turn.past),
    thread: id === turn.sessionId ? undefined : id,
  }
}

/**
 * The request of AG-UI, and the turn that it asks for. Pure. The client's messages are compared with the stored ones and repeated
 * in snapshots; only the text of the last user's message reaches an agent.
 */
import * as Schema from "effect/Schema"
import { ClientId } from "../../domain/ClientKey.ts"
import type { AttachmentInput } from "../../domain/AttachmentInput.ts"
import type { InterruptAnswer } from "../../domain/Interrupt.ts"
import type { Request } from "./AgUi.ts"
import type { EarlierCall } from "./Calls.ts"
import * as FileReference from "../FileReference.ts"
import type { Message as AgUiMessage } from "./Event.ts"

const opt = Schema.optionalKey
const text = Schema.String
const json = Schema.Record(text, Schema.Json)
/** The size of a body limits the lists first. */
const listOf = <S extends Schema.Constraint>(item: S, most = 1000) =>
  Schema.Array(item).check(Schema.isMaxLength(most))

const Source = Schema.StructWithRest(
  Schema.Struct({ type: text, value: text, mimeType: opt(Schema.NullOr(text)) }),
  [json],
)

/** `data`, `url`, `id`, `mimeType` and `filename` are those of the part `binary` before AG-UI 1.0. */
const Part = Schema.StructWithRest(
  Schema.Struct({
    type: text,
    text: opt(text),
    source: opt(Source),
    data: opt(Schema.NullOr(text)),
    url: opt(Schema.NullOr(text)),
    id: opt(Schema.NullOr(text)),
    mimeType: opt(Schema.NullOr(text)),
    filename: opt(Schema.NullOr(text)),
    metadata: opt(Schema.Json),
  }),
  [json],
)
type Part = typeof Part.Type

const ToolCall = Schema.StructWithRest(
  Schema.Struct({
    id: text,
    function: Schema.StructWithRest(Schema.Struct({ name: text }), [json]),
  }),
  [json],
)

/** The fields that the gateway reads. Snapshots repeat the others. */
const message = <const Role extends string, Fields extends Schema.Struct.Fields>(
  role: Role,
  fields: Fields,
) => Schema.StructWithRest(Schema.Struct({ id: text, role: Schema.Literal(role), ...fields }), [json])

const UserMessage = message("user", { content: Schema.Union([text, listOf(Part)]) })
const AssistantMessage = message("assistant", { toolCalls: opt(listOf(ToolCall)) })
const ToolMessage = message("tool", { toolCallId: text })

const Message = Schema.Union([
  UserMessage,
  AssistantMessage,
  ToolMessage,
  message("system", {}),
  message("developer", {}),
  message("reasoning", {}),
  message("activity", {}),
])
type Message = typeof Message.Type

const ResumeEntry = Schema.Struct({
  interruptId: text,
  status: Schema.Literals(["resolved", "cancelled"]),
  payload: opt(Schema.Json),
})

export const RunAgentInput = Schema.Struct({
  threadId: ClientId.annotate({ description: "Names the session" }),
  runId: ClientId.annotate({ description: "Repeated in the events" }),
  parentRunId: opt(ClientId),
  messages: listOf(Message, 10_000).annotate({
    description:
      "The last user's message is the turn's message. The user's texts before it must be those of the stored session; a shorter history starts a new branch",
  }),
  resume: opt(listOf(ResumeEntry, 100)).annotate({
    description: "The answers to the interrupts of the last run",
  }),
  tools: opt(listOf(Schema.Json)).annotate({ description: "Without effect" }),
  context: opt(listOf(Schema.Json)).annotate({ description: "Without effect" }),
  state: opt(Schema.Json).annotate({ description: "Without effect" }),
  forwardedProps: opt(Schema.Json).annotate({ description: "Without effect" }),
})
export type RunAgentInput = typeof RunAgentInput.Type

/** A message of the user, with its path in the body. `answered`: an answer follows it. */
interface Question {
  readonly id: string
  readonly text: string
  readonly answered: boolean
  /** The ids of the assistant's messages that follow it. */
  readonly answers: ReadonlyArray<string>
  readonly path: string
}

const partsOf = ({ content }: typeof UserMessage.Type): ReadonlyArray<Part> =>
  typeof content === "string" ? [{ type: "text", text: content }] : content

const textOf = (message: typeof UserMessage.Type): string =>
  partsOf(message)
    .flatMap(({ text, type }) => (type === "text" && text !== undefined ? [text] : []))
    .join("\n")

const nameIn = ({ filename, metadata }: Part): string | undefined => {
  const own =
    typeof metadata === "object" && metadata !== null && "filename" in metadata
      ? metadata.filename
      : undefined
  return filename ?? (typeof own === "string" ? own : undefined)
}

const fileTypes: ReadonlyArray<string> = ["image", "document", "binary"]
const anyType = "application/octet-stream"

/** Undefined if the part names no file that the service has. */
const fileOf = (part: Part): AttachmentInput | undefined => {
  const { data, id, mimeType, source, type, url } = part
  if (!fileTypes.includes(type)) return undefined
  const name = nameIn(part)
  if (source?.type === "data") return FileReference.ofData(source.value, source.mimeType ?? anyType, name)
  if (source?.type === "url") return FileReference.ofUrl(source.value, name)
  if (source?.type === "file") return FileReference.ofId(source.value)
  if (typeof data === "string") return FileReference.ofData(data, mimeType ?? anyType, name)
  return FileReference.ofUrl(url ?? "", name) ?? FileReference.ofId(id ?? "")
}

const filesOf = (message: typeof UserMessage.Type, path: string): ReadonlyArray<FileReference.ReferredFile> =>
  partsOf(message).flatMap((part, index) => {
    const input = fileOf(part)
    return input === undefined ? [] : [{ input, path: `${path}.${index}` }]
  })

const isUsers = (message: Message): message is typeof UserMessage.Type => message.role === "user"

const questionsOf = (messages: ReadonlyArray<Message>): ReadonlyArray<Question> =>
  messages.flatMap((message, index) => {
    if (!isUsers(message)) return []
    const after = messages.slice(index + 1)
    const next = after.findIndex(isUsers)
    const answers = (next < 0 ? after : after.slice(0, next)).flatMap(({ id, role }) =>
      role === "assistant" ? [id] : [],
    )
    const path = `messages.${index}.content`
    return [{ id: message.id, text: textOf(message), answered: answers.length > 0, answers, path }]
  })

/** Agents whose protocol cannot cancel an interrupt get this payload: the approval of a call is denied. */
const cancelled = { payload: { approved: false, cancelled: true }, cancelled: true } as const

export const answersOf = ({ resume = [] }: RunAgentInput): ReadonlyArray<InterruptAnswer> =>
  resume.map(({ interruptId, payload = null, status }) => ({
    interruptId,
    ...(status === "cancelled" ? cancelled : { payload }),
  }))

export interface Asked {
  /** The user's messages before `message`. */
  readonly earlier: ReadonlyArray<Question>
  readonly message: Question | undefined
  /** The files of `message`. */
  readonly files: ReadonlyArray<FileReference.ReferredFile>
}

/** With `resume` the last user's message may be the one that the interrupted run answered: then nothing follows it. */
export const askedOf = ({ messages }: RunAgentInput): Asked => {
  const questions = questionsOf(messages)
  const message = questions.at(-1)
  const last = messages.findLast(isUsers)
  return {
    earlier: questions.slice(0, -1),
    message,
    files: last === undefined || message === undefined ? [] : filesOf(last, message.path),
  }
}

interface Problem {
  readonly path: ReadonlyArray<string>
  readonly issue: string
}

const problemOfPart = (part: Part): string | undefined => {
  if (part.type === "text") return undefined
  if (!fileTypes.includes(part.type))
    return `Expected only text, image and document parts, got ${part.type.slice(0, 50)}`
  return fileOf(part) === undefined ? FileReference.expectedFile : undefined
}

/** The first problem of a request that has the right shape. `textProblem` checks the text of a message. */
export const problemOf = (
  { messages, resume = [] }: RunAgentInput,
  textProblem: (text: string) => string | undefined,
): Problem | undefined => {
  const index = messages.findLastIndex(isUsers)
  const last = messages[index]
  if (last === undefined || !isUsers(last))
    return resume.length > 0
      ? undefined
      : { path: ["messages"], issue: "Expected a message of the role user, or resume entries" }
  const path = ["messages", String(index), "content"]
  const problems = partsOf(last).map(problemOfPart)
  const part = problems.findIndex((problem) => problem !== undefined)
  if (part >= 0) return { path: [...path, String(part)], issue: problems[part] ?? "" }
  const issue = FileReference.messageProblem(textOf(last), filesOf(last, "").length, textProblem)
  return issue === undefined ? undefined : { path, issue }
}

/** The run's id before the id of a call: see `Calls`. */
const ownCall = /^[0-9a-f-]{36}\/(.+)$/s

/** The calls without a result. */
const waitingCalls = (messages: ReadonlyArray<Message>): ReadonlyMap<string, EarlierCall> => {
  const answered = new Set(
    messages.flatMap((message) => (message.role === "tool" ? [message.toolCallId] : [])),
  )
  const calls = messages.flatMap((message) => (message.role === "assistant" ? (message.toolCalls ?? []) : []))
  return new Map(
    calls.flatMap(({ function: { name }, id }) => {
      const callId = ownCall.exec(id)?.[1]
      return callId === undefined || answered.has(id) ? [] : [[callId, { toolCallId: id, name }] as const]
    }),
  )
}

/** Clients keep messages of these roles by themselves if a snapshot has none of them. */
const isRepeated = ({ role }: AgUiMessage): boolean => role !== "activity" && role !== "reasoning"

const isEmpty = (value: Schema.Json | undefined): boolean =>
  value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0)

export const requestOf = (input: RunAgentInput): Request => {
  const { context, forwardedProps, messages, parentRunId, resume = [], runId, state, threadId, tools } = input
  const without = { tools, context, state, forwardedProps }
  return {
    threadId,
    runId,
    parentRunId,
    messages: messages.filter(isRepeated),
    calls: resume.length === 0 ? new Map() : waitingCalls(messages),
    ignored: Object.entries(without).flatMap(([name, value]) => (isEmpty(value) ? [] : [name])),
  }
}

/**
 * The request of the AI SDK's `DefaultChatTransport`: the id of the chat and its whole history. Pure.
 *
 * The last message is the user's, or an assistant's message whose approvals the user has answered.
 */
import * as Schema from "effect/Schema"
import { ClientId } from "../../domain/ClientKey.ts"
import { AgentId } from "../../domain/Ids.ts"
import { InterruptAnswer } from "../../domain/Interrupt.ts"
import * as FileReference from "../FileReference.ts"
import type { Continued } from "./UiStream.ts"

const opt = Schema.optionalKey
const text = Schema.String
const name = text.check(Schema.isMaxLength(200))

/** The fields that the gateway reads. */
const Part = Schema.Struct({
  type: text,
  text: opt(text),
  state: opt(text),
  toolCallId: opt(text),
  filename: opt(text),
  mediaType: opt(text),
  url: opt(text),
  approval: opt(Schema.Struct({ id: text, approved: opt(Schema.Boolean), reason: opt(text) })),
})
type Part = typeof Part.Type

const UiMessage = Schema.Struct({
  id: name,
  role: Schema.Literals(["system", "user", "assistant"]),
  parts: Schema.Array(Part).check(Schema.isMaxLength(10_000)),
})
type UiMessage = typeof UiMessage.Type

export const UiRequest = Schema.Struct({
  id: ClientId,
  messages: opt(Schema.Array(UiMessage).check(Schema.isMaxLength(10_000))).annotate({
    description:
      "The whole chat. The user's texts must be those of the stored chat; a shorter history starts a new branch",
  }),
  message: opt(UiMessage).annotate({
    description: "Only the last message, instead of `messages`: it follows the last one of the stored chat",
  }),
  trigger: opt(Schema.Literals(["submit-message", "regenerate-message"])),
  messageId: opt(Schema.NullOr(name)).annotate({
    description:
      "The message that is edited, or whose answer is wanted again. With `message` alone it must be an id of this service",
  }),
  agentId: opt(AgentId).annotate({ description: "The agent of a new chat; by default the built-in one" }),
  answers: opt(Schema.NonEmptyArray(InterruptAnswer).check(Schema.isMaxLength(100))).annotate({
    description: "Answers to interrupts that are no approvals of a call",
  }),
})
export type UiRequest = typeof UiRequest.Type

/** The user's decision about a call. */
export interface Approval {
  readonly interruptId: string
  readonly approved: boolean
  readonly reason: string | undefined
}

interface Turn {
  readonly id: string
  readonly text: string
  readonly answered: boolean
  /** The ids of the answers that the client shows. */
  readonly answers: ReadonlyArray<string>
  readonly path: string
}

export interface UiAsked {
  /** The user's messages before `message`. Undefined: the client sent only its last message. */
  readonly earlier: ReadonlyArray<Turn> | undefined
  /** Undefined: the client sent only answers. */
  readonly message: string | undefined
  /** The files of `message`. */
  readonly files: ReadonlyArray<FileReference.ReferredFile>
  readonly path: string
  readonly again: boolean
  /** The message that the client edits, or whose answer it wants again. */
  readonly named: string | undefined
  readonly approvals: ReadonlyArray<Approval>
  readonly continued: Continued | undefined
}

/** The text of a user's message: its text parts, joined by a line end. */
const textOf = ({ parts }: UiMessage): string =>
  parts.flatMap(({ text, type }) => (type === "text" && text !== undefined ? [text] : [])).join("\n")

const filesOf = ({ message: { parts }, path }: Placed): ReadonlyArray<FileReference.ReferredFile> =>
  parts.flatMap(({ filename, type, url = "" }, index) => {
    const input = type === "file" ? FileReference.ofUrl(url, filename) : undefined
    return input === undefined ? [] : [{ input, path: `${path}.parts.${index}` }]
  })

interface Placed {
  readonly message: UiMessage
  readonly path: string
}

const placedOf = ({ message, messages = [] }: UiRequest): ReadonlyArray<Placed> =>
  message === undefined
    ? messages.map((message, index) => ({ message, path: `messages.${index}` }))
    : [{ message, path: "message" }]

const approvalsOf = ({ parts, role }: UiMessage): ReadonlyArray<Approval> =>
  role !== "assistant"
    ? []
    : parts.flatMap(({ approval, state }) =>
        state === "approval-responded" && approval?.approved !== undefined
          ? [{ interruptId: approval.id, approved: approval.approved, reason: approval.reason }]
          : [],
      )

const callsOf = (parts: ReadonlyArray<Part>): ReadonlyArray<string> =>
  parts.flatMap(({ toolCallId }) => toolCallId ?? [])

const continuedOf = ({ id, parts }: UiMessage): Continued => ({
  messageId: id,
  calls: callsOf(parts),
  denied: callsOf(
    parts.filter(({ approval, state }) => state === "approval-responded" && approval?.approved === false),
  ),
})

export const askedOf = (request: UiRequest): UiAsked => {
  const placed = placedOf(request)
  const last = placed.at(-1)
  const isUsers = last?.message.role === "user"
  const users = placed.flatMap(({ message, path }, index) => {
    if (message.role !== "user") return []
    const next = placed[index + 1]?.message
    const answers = next?.role === "assistant" ? [next.id] : []
    return [{ id: message.id, text: textOf(message), answered: answers.length > 0, answers, path }]
  })
  const before = placed.at(isUsers ? -2 : -1)?.message
  return {
    earlier: request.message === undefined ? (isUsers ? users.slice(0, -1) : users) : undefined,
    message: isUsers ? users.at(-1)?.text : undefined,
    files: isUsers && last !== undefined ? filesOf(last) : [],
    path: last?.path ?? "messages",
    again: request.trigger === "regenerate-message",
    named: request.messageId ?? undefined,
    approvals: before === undefined ? [] : approvalsOf(before),
    continued: last === undefined || isUsers ? undefined : continuedOf(last.message),
  }
}

interface Problem {
  readonly path: ReadonlyArray<string>
  readonly issue: string
}

const problemOfPart = ({ type, url = "" }: Part): string | undefined => {
  if (type === "text") return undefined
  if (type !== "file") return `Expected only text and file parts, got ${type.slice(0, 50)}`
  return FileReference.ofUrl(url) === undefined ? FileReference.expectedFile : undefined
}

/** The first problem of a request that has the right shape. `textProblem` checks the text of a message. */
export const problemOf = (
  request: UiRequest,
  textProblem: (text: string) => string | undefined,
): Problem | undefined => {
  const placed = placedOf(request)
  const last = placed.at(-1)
  if (last === undefined || (request.message !== undefined && request.messages !== undefined))
    return { path: ["messages"], issue: "Expected messages with at least one message, or message" }
  const system = placed.find(({ message }) => message.role === "system")
  if (system !== undefined)
    return {
      path: [...system.path.split("."), "role"],
      issue: "Expected user or assistant: the agent has the system prompt",
    }
  const { message, path } = last
  const at = path.split(".")
  if (message.role === "assistant")
    return approvalsOf(message).length > 0 || request.answers !== undefined
      ? undefined
      : { path: at, issue: "Expected a user's message, or an approval that the user has answered" }
  const problems = message.parts.map(problemOfPart)
  const index = problems.findIndex((problem) => problem !== undefined)
  if (index >= 0) return { path: [...at, "parts", String(index)], issue: problems[index] ?? "" }
  const issue = FileReference.messageProblem(textOf(message), filesOf(last).length, textProblem)
  return issue === undefined ? undefined : { path: [...at, "parts"], issue }
}

/** The answer that an agent gets for an approval: the value that its schema allows, else an object. */
export const payloadOf = (
  responseSchema: Schema.Json | undefined,
  { approved, reason }: Approval,
): Schema.Json => {
  const isBoolean =
    typeof responseSchema === "object" &&
    responseSchema !== null &&
    "type" in responseSchema &&
    responseSchema["type"] === "boolean"
  return isBoolean ? approved : { approved, ...(reason === undefined ? {} : { reason }) }
}

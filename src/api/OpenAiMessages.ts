/**
 * The conversation in a request of OpenAI's protocols, and its reading: system and developer messages are instructions, the last
 * message is the user's, and the messages between are the history. Pure.
 */
import * as Schema from "effect/Schema"
import { isBlank, type PromptMessage } from "../domain/History.ts"
import { maxMessageLength, messageTooLong } from "./TurnBody.ts"

const opt = Schema.optionalKey

/** The size of a body limits the lists first. */
export const listOf = <S extends Schema.Constraint>(item: S, most = 1000) =>
  Schema.Array(item).check(Schema.isMaxLength(most))

const Part = Schema.Struct({
  type: Schema.String,
  text: opt(Schema.String),
  refusal: opt(Schema.String),
})

export const Content = Schema.NullOr(Schema.Union([Schema.String, listOf(Part)]))

export const InputMessage = Schema.Struct({
  role: Schema.Literals(["system", "developer", "user", "assistant"]).annotate({
    expected: "system, developer, user or assistant: agents use only their own tools",
  }),
  content: opt(Content),
  refusal: opt(Schema.NullOr(Schema.String)),
  tool_calls: opt(Schema.NullOr(listOf(Schema.Json))),
  function_call: opt(Schema.Null),
})
export type InputMessage = typeof InputMessage.Type

/** One thing that is wrong with a request, as a filter of a schema gives it. */
export interface Issue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly issue: string
}

/** Chat completions name their text `text`, responses `input_text` and `output_text`. */
const textTypes: ReadonlyArray<string> = ["text", "input_text", "output_text"]

const contentIssues = ({ content }: InputMessage): ReadonlyArray<Issue> => {
  if (content === undefined || content === null || typeof content === "string") return []
  return content.flatMap((part, index): ReadonlyArray<Issue> => {
    const path = ["content", index]
    if (part.type === "refusal") return []
    if (!textTypes.includes(part.type))
      return [{ path: [...path, "type"], issue: "Expected a part of type text: agents take only text" }]
    return part.text === undefined ? [{ path: [...path, "text"], issue: "Missing key" }] : []
  })
}

/** The text parts are one text: a client splits a text only to mark places in it. */
export const textOf = ({ content, refusal }: InputMessage): string => {
  if (content === undefined || content === null) return refusal ?? ""
  return typeof content === "string"
    ? content
    : content.map((part) => part.text ?? part.refusal ?? "").join("")
}

const lastIssue = (last: InputMessage): Issue | undefined => {
  const at = (issue: string): Issue => ({ path: ["content"], issue })
  if (last.role !== "user")
    return { path: ["role"], issue: "Expected user: the last message is the one to answer" }
  const text = textOf(last)
  if (isBlank(text)) return at("Expected at least 1 visible character")
  if (!text.isWellFormed()) return at("Expected well-formed Unicode")
  return text.length > maxMessageLength ? at(messageTooLong) : undefined
}

/** `field` is the field of the request with the messages. */
export const issuesOf = (field: string, messages: ReadonlyArray<InputMessage>): ReadonlyArray<Issue> => {
  const last = messages.at(-1)
  if (last === undefined) return [{ path: [field], issue: "Expected at least 1 message" }]
  const within = messages.flatMap((message, index) => {
    const calls = (message.tool_calls ?? []).length > 0
    const issues = [
      ...contentIssues(message),
      ...(calls
        ? [{ path: ["tool_calls"], issue: "Expected no calls: agents use only their own tools" }]
        : []),
    ]
    return issues.map(({ issue, path }) => ({ path: [field, index, ...path], issue }))
  })
  if (within.length > 0) return within
  const wrong = lastIssue(last)
  return wrong === undefined
    ? []
    : [{ path: [field, messages.length - 1, ...wrong.path], issue: wrong.issue }]
}

export interface Conversation {
  readonly message: string
  readonly history: ReadonlyArray<PromptMessage>
  readonly instructions: string | undefined
}

/** Reads messages without issues. */
export const conversationOf = (messages: ReadonlyArray<InputMessage>): Conversation => {
  const history: Array<PromptMessage> = []
  const instructions: Array<string> = []
  for (const message of messages) {
    const { role } = message
    if (role === "user" || role === "assistant") history.push({ role, content: textOf(message) })
    else instructions.push(textOf(message).toWellFormed())
  }
  const text = instructions.filter((part) => !isBlank(part)).join("\n\n")
  return {
    message: history.pop()?.content ?? "",
    history,
    instructions: text === "" ? undefined : text,
  }
}

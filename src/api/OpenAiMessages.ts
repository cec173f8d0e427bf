/**
 * The conversation in a request of OpenAI's protocols, and its reading: system and developer messages are instructions, the last
 * message is the user's, and the messages between are the history. The newest files of the conversation belong to the last message;
 * the history has their marks. Pure.
 */
import * as Schema from "effect/Schema"
import { type AttachmentInput, mostAttachments } from "../domain/AttachmentInput.ts"
import { isBlank, type PromptMessage } from "../domain/History.ts"
import { withMarks } from "../domain/PromptFile.ts"
import * as FileReference from "../protocol/FileReference.ts"
import { maxMessageLength, messageTooLong } from "./TurnBody.ts"

const opt = Schema.optionalKey

/** The size of a body limits the lists first. */
export const listOf = <S extends Schema.Constraint>(item: S, most = 1000) =>
  Schema.Array(item).check(Schema.isMaxLength(most))

const nullable = opt(Schema.NullOr(Schema.String))

const Part = Schema.Struct({
  type: Schema.String,
  text: opt(Schema.String),
  refusal: opt(Schema.String),
  image_url: opt(Schema.Struct({ url: Schema.String })),
  file: opt(Schema.Struct({ file_data: nullable, file_id: nullable, filename: nullable })),
})
type Part = typeof Part.Type

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

/** Undefined if the part names no file that the service has. Some clients send bare base64 in `file_data`. */
const fileOf = ({ file, image_url, type }: Part): AttachmentInput | undefined => {
  if (type === "image_url" && image_url !== undefined) return FileReference.ofUrl(image_url.url)
  if (type !== "file" || file === undefined) return undefined
  const { file_data: data, file_id: id, filename } = file
  if (typeof data !== "string") return FileReference.ofId(id ?? "")
  return FileReference.ofUrl(data, filename ?? undefined)
}

const isFile = ({ type }: Part): boolean => type === "image_url" || type === "file"

const filesIn = ({ content }: InputMessage, path: string): ReadonlyArray<FileReference.ReferredFile> =>
  content === undefined || content === null || typeof content === "string"
    ? []
    : content.flatMap((part, index) => {
        const input = fileOf(part)
        return input === undefined ? [] : [{ input, path: `${path}.content.${index}` }]
      })

const contentIssues = ({ content, role }: InputMessage): ReadonlyArray<Issue> => {
  if (content === undefined || content === null || typeof content === "string") return []
  return content.flatMap((part, index): ReadonlyArray<Issue> => {
    const path = ["content", index]
    if (part.type === "refusal") return []
    if (isFile(part) && role === "user")
      return fileOf(part) === undefined ? [{ path, issue: FileReference.expectedFile }] : []
    if (!textTypes.includes(part.type))
      return [
        {
          path: [...path, "type"],
          issue: "Expected a part of type text, or image_url and file in a user's message",
        },
      ]
    return part.text === undefined ? [{ path: [...path, "text"], issue: "Missing key" }] : []
  })
}

/** The text parts are one text: a client splits a text only to mark places in it. */
export const textOf = ({ content, refusal }: InputMessage): string => {
  if (content === undefined || content === null) return refusal ?? ""
  return typeof content === "string"
    ? content
    : content.map((part) => (isFile(part) ? "" : (part.text ?? part.refusal ?? ""))).join("")
}

const lastIssue = (last: InputMessage): Issue | undefined => {
  const at = (issue: string): Issue => ({ path: ["content"], issue })
  if (last.role !== "user")
    return { path: ["role"], issue: "Expected user: the last message is the one to answer" }
  const text = textOf(last)
  const files = filesIn(last, "").length
  if (files > mostAttachments) return at(FileReference.tooManyFiles)
  if (isBlank(text) && files === 0) return at("Expected at least 1 visible character")
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

const nameOf = (input: AttachmentInput): string =>
  "data" in input ? (input.filename ?? "file") : input.fileId

/** Images have no names in this protocol. A mark in the history refers to the name. */
const withName = (
  { input, path }: FileReference.ReferredFile,
  number: number,
): FileReference.ReferredFile => {
  if (!("data" in input) || input.filename !== undefined) return { input, path }
  const subtype = /^data:\w+\/(\w+)/.exec(input.data.slice(0, 100))?.[1] ?? "bin"
  return { input: { ...input, filename: `file-${number}.${subtype}` }, path }
}

export interface Conversation {
  readonly message: string
  /** The newest files of the conversation, at most as many as a message may have. */
  readonly files: ReadonlyArray<FileReference.ReferredFile>
  readonly history: ReadonlyArray<PromptMessage>
  readonly instructions: string | undefined
}

/** Reads messages without issues. */
export const conversationOf = (messages: ReadonlyArray<InputMessage>): Conversation => {
  const history: Array<PromptMessage> = []
  const instructions: Array<string> = []
  const files: Array<FileReference.ReferredFile> = []
  for (const [index, message] of messages.entries()) {
    const { role } = message
    const own = filesIn(message, `messages.${index}`).map((file, at) => withName(file, files.length + at + 1))
    files.push(...own)
    const marks = index === messages.length - 1 ? [] : own.map(({ input }) => ({ filename: nameOf(input) }))
    if (role === "user" || role === "assistant")
      history.push({ role, content: withMarks(textOf(message), marks) })
    else instructions.push(textOf(message).toWellFormed())
  }
  const text = instructions.filter((part) => !isBlank(part)).join("\n\n")
  return {
    message: history.pop()?.content ?? "",
    files: files.slice(-mostAttachments),
    history,
    instructions: text === "" ? undefined : text,
  }
}

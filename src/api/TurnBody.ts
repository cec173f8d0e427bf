/** The bodies of the requests that start a turn. */
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type AttachmentInput, AttachmentInputs } from "../domain/AttachmentInput.ts"
import { isBlank } from "../domain/History.ts"
import { AgentId, MessageId } from "../domain/Ids.ts"
import { InterruptAnswer } from "../domain/Interrupt.ts"
import * as FileReference from "../protocol/FileReference.ts"
import { fileCount, MessageParts, textOf } from "./MessageParts.ts"

export const maxMessageLength = 100_000

/** The message for a text that is too long; the edge recognises it, because this case has its own code. */
export const messageTooLong = `Expected at most ${maxMessageLength} characters`

export const messageText = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected at least 1 character" }).abort(),
  Schema.makeFilter((text) => !isBlank(text) || "Expected at least 1 visible character"),
  Schema.makeFilter((text) => text.isWellFormed() || "Expected well-formed Unicode"),
  Schema.isMaxLength(maxMessageLength, { message: messageTooLong }),
)

const decodeMessage = Schema.decodeUnknownExit(messageText)
const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** The problem of a message's text, for bodies that hold it in parts. */
export const messageProblem = (text: string): string | undefined => {
  const error = Option.getOrUndefined(Exit.findErrorOption(decodeMessage(text)))
  return error === undefined ? undefined : formatIssue(error.issue).issues[0]?.message
}

const attachments = Schema.optionalKey(AttachmentInputs).annotate({
  description:
    "Files of the message: uploaded ones, or small ones as data URLs. A message of files alone needs no text.",
})

const parts = Schema.optionalKey(MessageParts).annotate({
  description:
    "The message as parts, instead of `message` and `attachments`: texts, which become paragraphs, and files.",
})

interface Content {
  readonly message?: string
  readonly attachments?: ReadonlyArray<AttachmentInput>
  readonly parts?: typeof MessageParts.Type
}

/** A turn without text and files would be an empty question. */
const contentProblem = ({ attachments = [], message, parts }: Content) => {
  if (parts === undefined)
    return message !== undefined || attachments.length > 0
      ? undefined
      : { path: ["message"], issue: "Missing key" }
  const issue = FileReference.messageProblem(textOf(parts), fileCount(parts), messageProblem)
  return issue === undefined ? undefined : { path: ["parts"], issue }
}

const hasContent = (body: Content) =>
  body.parts !== undefined && (body.message !== undefined || body.attachments !== undefined)
    ? { path: ["parts"], issue: "Expected either parts, or message and attachments" }
    : contentProblem(body)

/** The first message of a session. */
export const Started = Schema.Struct({
  agentId: AgentId,
  message: Schema.optionalKey(messageText).annotate({
    description: "The text of the user. Required, except with `attachments` or `parts`.",
  }),
  attachments,
  parts,
}).check(Schema.makeFilter(hasContent))

/** Another version of a message. */
export const Edited = Schema.Struct({
  message: Schema.optionalKey(messageText).annotate({
    description: "The new text. Required, except with `attachments` or `parts`.",
  }),
  attachments: Schema.optionalKey(AttachmentInputs).annotate({
    description: "The files of the new version; by default those of the message.",
  }),
  parts: parts.annotate({
    description:
      "The whole new version as parts, instead of `message` and `attachments`: no file of the message stays unless it is here.",
  }),
}).check(Schema.makeFilter(hasContent))

export const Sent = Schema.Struct({
  message: Schema.optionalKey(messageText).annotate({
    description: "The text of the user. Required, except with `retry`, `attachments` or `parts`.",
  }),
  attachments,
  parts,
  parentMessageId: Schema.optionalKey(Schema.NullOr(MessageId)).annotate({
    description: "The message that this one follows; by default the last one of the session. Null: none.",
  }),
  retry: Schema.optionalKey(Schema.Boolean).annotate({
    description:
      "True: answer the last message again. Its turn must have failed, or ended without an answer.",
  }),
}).check(
  Schema.makeFilter((body) => {
    if (body.retry !== true) return hasContent(body)
    const given = (["attachments", "parts"] as const).find((field) => body[field] !== undefined)
    return given === undefined
      ? undefined
      : { path: [given], issue: "Expected none with retry, which sends the files of the message again" }
  }),
)

export const Answered = Schema.Struct({
  interruptId: Schema.optionalKey(Schema.String),
  payload: Schema.optionalKey(Schema.Json),
  answers: Schema.optionalKey(Schema.NonEmptyArray(InterruptAnswer).check(Schema.isMaxLength(100))).annotate({
    description: "The answers to several interrupts, instead of `interruptId` and `payload`",
  }),
  message: Schema.optionalKey(messageText).annotate({
    description: "The text of the user's message; by default the payload as text",
  }),
}).check(
  Schema.makeFilter(({ answers, interruptId, payload }) => {
    if (answers !== undefined)
      return interruptId === undefined && payload === undefined
        ? undefined
        : { path: ["answers"], issue: "Expected either answers, or interruptId and payload" }
    if (interruptId === undefined) return { path: ["interruptId"], issue: "Missing key" }
    return payload === undefined ? { path: ["payload"], issue: "Missing key" } : undefined
  }),
)

export type Answered = typeof Answered.Type

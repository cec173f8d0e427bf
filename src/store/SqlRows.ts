/**
 * The tables' rows as schemas: column names, and JSON for columns that hold text or data of others (see
 * `store/migrations/0001_initial.ts`). The stores encode inserts and decode selects with them; for the inserts of
 * each turn, `TurnRows` has faster functions with the same result.
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { Actor } from "../domain/Actor.ts"
import { Agent, AgentSettings } from "../domain/Agent.ts"
import { Attachment } from "../domain/Attachment.ts"
import { AuditEntry } from "../domain/AuditEntry.ts"
import { Decision } from "../domain/Decision.ts"
import { OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import { MessageRecord } from "../domain/MessageRecord.ts"
import { Usage } from "../domain/Outcome.ts"
import { OperatorSettings } from "../domain/RolloutSettings.ts"
import { Attempt, Run, RunError } from "../domain/Run.ts"
import { ChatMessage, Session } from "../domain/Session.ts"
import { Message } from "../protocol/agent2ui/Message.ts"
import { RunEvent } from "../runs/RunEvent.ts"

/** Any text, with characters that a TEXT column of PostgreSQL or UTF-8 cannot hold: NUL, lone surrogates. */
export const AnyText = Schema.fromJsonString(Schema.String)

const times = { createdAt: "created_at", updatedAt: "updated_at" } as const
const owner = { orgId: "org_id", userId: "user_id" } as const
const error = Schema.NullOr(Schema.fromJsonString(RunError))
const usage = Schema.NullOr(Schema.fromJsonString(Usage))

export const SettingsJson = Schema.fromJsonString(AgentSettings)
export const AgentRow = Schema.Struct({ ...Agent.fields, settings: SettingsJson }).pipe(
  Schema.encodeKeys({ orgId: "org_id", ...times }),
)

export const SessionRow = Schema.Struct({ ...Session.fields, title: AnyText }).pipe(
  Schema.encodeKeys({ ...owner, agentId: "agent_id", ...times }),
)

const messageFields = { ...ChatMessage.fields, content: AnyText }
const messageKeys = {
  sessionId: "session_id",
  runId: "run_id",
  parentMessageId: "parent_message_id",
  executionMode: "execution_mode",
  createdAt: "created_at",
} as const
export const attachments = Schema.NullOr(Schema.fromJsonString(Schema.Array(Attachment))).pipe(
  Schema.decodeTo(Schema.Array(Schema.toType(Attachment)), {
    decode: SchemaGetter.transform((list) => list ?? []),
    encode: SchemaGetter.transform((list) => list),
  }),
)
export const MessageRow = Schema.Struct(messageFields).pipe(Schema.encodeKeys(messageKeys))
/** Checked, not rebuilt: a decode would drop keys beyond the schema, which the live stream has sent. */
const Part = Schema.declare(Schema.is(Message), { identifier: "Agent2UIMessage" })
/** `parts` is null if the message has none, and on messages of versions that stored no parts. */
export const ShownRow = Schema.Struct({
  ...messageFields,
  seq: Schema.Int,
  record: Schema.NullOr(Schema.fromJsonString(MessageRecord)),
  parts: Schema.NullOr(Schema.fromJsonString(Schema.Array(Part))),
  attachments,
}).pipe(Schema.encodeKeys(messageKeys))
/** The facts of a run that its message shows. */
export const AnswerRow = Schema.Struct({
  runId: Run.fields.id,
  status: Run.fields.status,
  error,
  finishReason: Run.fields.finishReason,
  model: Run.fields.model,
  executionMode: Run.fields.executionMode,
  usage,
  createdAt: Run.fields.createdAt,
  endedAt: Run.fields.endedAt,
}).pipe(
  Schema.encodeKeys({
    runId: "id",
    finishReason: "finish_reason",
    executionMode: "execution_mode",
    createdAt: "created_at",
    endedAt: "ended_at",
  }),
)
export const BranchRow = Schema.Struct({
  ...messageFields,
  answered: Schema.BooleanFromBit,
  forked: Schema.BooleanFromBit,
  record: Schema.NullOr(Schema.fromJsonString(MessageRecord)),
  attachments,
}).pipe(Schema.encodeKeys(messageKeys))
export const TreeRow = Schema.Struct({
  id: messageFields.id,
  role: messageFields.role,
  content: messageFields.content,
  parentMessageId: messageFields.parentMessageId,
  runId: messageFields.runId,
  answers: Schema.BooleanFromBit,
  answered: Schema.BooleanFromBit,
}).pipe(Schema.encodeKeys({ parentMessageId: "parent_message_id", runId: "run_id" }))

export const UploadRow = Schema.Struct({
  ...Attachment.fields,
  orgId: OrgId,
  userId: UserId,
  sessionId: Schema.NullOr(SessionId),
  filename: AnyText,
  sha256: Schema.String,
  createdAt: Schema.Int,
}).pipe(
  Schema.encodeKeys({
    ...owner,
    fileId: "id",
    sessionId: "session_id",
    mediaType: "media_type",
    createdAt: "created_at",
  }),
)

export const RunRow = Schema.Struct({
  ...Run.fields,
  decision: Schema.fromJsonString(Decision),
  error,
  usage,
}).pipe(
  Schema.encodeKeys({
    ...owner,
    sessionId: "session_id",
    agentId: "agent_id",
    userMessageId: "user_message_id",
    assistantMessageId: "assistant_message_id",
    executionMode: "execution_mode",
    finishReason: "finish_reason",
    traceId: "trace_id",
    createdAt: "created_at",
    endedAt: "ended_at",
  }),
)

/** The columns that the end of a run changes. */
export const RunEndRow = Schema.Struct({
  status: Run.fields.status,
  assistantMessageId: Run.fields.assistantMessageId,
  executionMode: Run.fields.executionMode,
  error,
  usage,
  model: Run.fields.model,
  finishReason: Run.fields.finishReason,
  endedAt: Run.fields.endedAt,
}).pipe(
  Schema.encodeKeys({
    assistantMessageId: "assistant_message_id",
    executionMode: "execution_mode",
    finishReason: "finish_reason",
    endedAt: "ended_at",
  }),
)

export const AttemptRow = Schema.Struct({ ...Attempt.fields, shadow: Schema.BooleanFromBit, usage }).pipe(
  Schema.encodeKeys({
    startedAt: "started_at",
    firstProgressAt: "first_progress_at",
    firstContentAt: "first_content_at",
    endedAt: "ended_at",
  }),
)

/** Checked, not rebuilt: a decode would drop keys beyond the schema, which the live stream has sent. */
const StoredEvent = Schema.declare(Schema.is(RunEvent), { identifier: "RunEvent" })
/** A page of events (`EventPages`), or the one event of a row from before pages existed. */
export const EventPageRow = Schema.Struct({
  seq: Schema.Int,
  event: Schema.fromJsonString(Schema.Union([StoredEvent, Schema.Array(StoredEvent)])),
})

export const FileRow = Schema.Struct({
  runId: RunId,
  fileId: AnyText,
  path: AnyText,
  filename: AnyText,
  mimeType: AnyText,
}).pipe(Schema.encodeKeys({ runId: "run_id", fileId: "file_id", mimeType: "mime_type" }))

export const RolloutRow = Schema.Struct({
  version: Schema.Int,
  operator: Schema.fromJsonString(OperatorSettings),
})

export const AuditRow = Schema.Struct({
  ...AuditEntry.fields,
  by: Schema.fromJsonString(Actor),
  reason: Schema.NullOr(AnyText),
  before: Schema.fromJsonString(Schema.Json),
  after: Schema.fromJsonString(Schema.Json),
}).pipe(Schema.encodeKeys({ by: "actor" }))

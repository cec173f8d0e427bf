/** The chat routes. The contract describes streams by their events; the handlers write the frames. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Message } from "../protocol/agent2ui/Message.ts"
import { isBlank } from "../domain/History.ts"
import { InterruptAnswer } from "../domain/Interrupt.ts"
import { AgentId, MessageId, RunId, SessionId } from "../domain/Ids.ts"
import { Run, RunDone, RunError } from "../domain/Run.ts"
import { ChainLink, RunTimes, TimedAttempt } from "../domain/RunAccount.ts"
import { ChatMessage, Session } from "../domain/Session.ts"
import { Authorization, RequestValidation, RequiredPermissions, TakesTicket } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { protocolNames } from "../protocol/Protocols.ts"
import { eventSchema } from "../protocol/Sse.ts"

export const maxMessageLength = 100_000

/** The message for a text that is too long; the edge recognises it, because this case has its own code. */
export const messageTooLong = `Expected at most ${maxMessageLength} characters`

const message = Schema.String.check(
  Schema.isMinLength(1, { message: "Expected at least 1 character" }).abort(),
  Schema.makeFilter((text) => !isBlank(text) || "Expected at least 1 visible character"),
  Schema.makeFilter((text) => text.isWellFormed() || "Expected well-formed Unicode"),
  Schema.isMaxLength(maxMessageLength, { message: messageTooLong }),
)

const sent = Schema.Struct({
  message: Schema.optionalKey(message).annotate({ description: "Required, except with `retry`" }),
  parentMessageId: Schema.optionalKey(Schema.NullOr(MessageId)),
  retry: Schema.optionalKey(Schema.Boolean).annotate({
    description:
      "True: answer the last message again, whose turn failed, was interrupted, or was cancelled before its answer began",
  }),
}).check(
  Schema.makeFilter(({ message, retry }) =>
    message !== undefined || retry === true ? undefined : { path: ["message"], issue: "Missing key" },
  ),
)

const answered = Schema.Struct({
  interruptId: Schema.optionalKey(Schema.String),
  payload: Schema.optionalKey(Schema.Json),
  answers: Schema.optionalKey(Schema.NonEmptyArray(InterruptAnswer).check(Schema.isMaxLength(100))).annotate({
    description: "The answers to several interrupts, instead of `interruptId` and `payload`",
  }),
  message: Schema.optionalKey(message).annotate({
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

export type Answered = typeof answered.Type

const stream = HttpApiSchema.StreamSse({
  events: Schema.Union([
    eventSchema("message", Message),
    eventSchema("heartbeat", Schema.Null),
    eventSchema("error", RunError),
    eventSchema("done", RunDone),
  ]),
})

const runIds = { runId: RunId }
/** An empty header or parameter counts as absent. */
const protocolVersion = Schema.optionalKey(Schema.Literals([...protocolNames, ""]))
const eventId = Schema.optionalKey(
  Schema.String.annotate({
    description:
      "Read after this event: `<runId>:<seq>`, or of a GET also `<seq>`. The header goes before `lastEventId`, and that before `after`. At the end of an ended run the answer is 204",
  }),
)
const streamHeaders = {
  "last-event-id": eventId,
  "x-agent2ui-protocol": Schema.optionalKey(
    Schema.String.annotate({
      description: "1 or 2; the parameter goes before it, and other values are ignored",
    }),
  ),
}
const turnHeaders = {
  ...streamHeaders,
  "idempotency-key": Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^[\x20-\x7e]{1,255}$/, { message: "Expected 1 to 255 printable ASCII characters" }),
    ).annotate({
      description:
        "The same request under the same key, within 24 h, gets the run of the first one from its first event",
    }),
  ),
}
const streamQuery = { protocol: protocolVersion, lastEventId: eventId, after: eventId }

const sessionsPage = pagedBy("sessions", SessionId, 100)
const messagesPage = pagedBy("messages", Schema.Int, 1000)
const chainPage = pagedBy("chain", Schema.Int, 1000)

export class ChatApi extends HttpApiGroup.make("chat")
  .add(
    HttpApiEndpoint.post("start", "/start", {
      headers: turnHeaders,
      query: streamQuery,
      payload: Schema.Struct({ agentId: AgentId, message }),
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(OpenApi.Summary, "Begin a session with its first message"),
    HttpApiEndpoint.post("send", "/sessions/:sessionId", {
      params: { sessionId: SessionId },
      headers: turnHeaders,
      query: streamQuery,
      payload: sent,
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(OpenApi.Summary, "Send a message to a session, or retry one whose turn failed")
      .annotate(
        OpenApi.Description,
        "`parentMessageId` is the message that this one follows, by default the session's last one, and none where it is null; the model is sent the chain of parents. With `retry` no message is stored: `message` is left out or the same, and `parentMessageId` may name an earlier turn that failed.",
      ),
    HttpApiEndpoint.post("resume", "/sessions/:sessionId/resume", {
      params: { sessionId: SessionId },
      headers: turnHeaders,
      query: streamQuery,
      payload: answered,
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(OpenApi.Summary, "Answer the interrupts of a session's last run")
      .annotate(
        OpenApi.Description,
        "A run that ends with `finishReason: interrupt` has sent `interrupt` messages, such as an approval of a call. This route starts the turn that answers them. A plain message to the session also resumes it; the runtime then gets the text as the answer.",
      ),
    HttpApiEndpoint.get("sessions", "/sessions", {
      query: sessionsPage.query,
      success: success(Schema.Struct({ sessions: Schema.Array(Session), ...sessionsPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "The caller's sessions, newest first"),
    HttpApiEndpoint.get("session", "/sessions/:sessionId", {
      params: { sessionId: SessionId },
      query: messagesPage.query,
      success: success(
        Schema.Struct({ ...Session.fields, messages: Schema.Array(ChatMessage), ...messagesPage.answer }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(
        OpenApi.Summary,
        "A session with its last messages, oldest first; the next page holds older ones",
      ),
    HttpApiEndpoint.get("run", "/runs/:runId", {
      params: runIds,
      query: chainPage.query,
      success: success(
        Schema.Struct({
          ...Run.fields,
          attempts: Schema.Array(TimedAttempt),
          times: RunTimes,
          /** False if the events, and with them the two fields below, have expired. */
          eventsKept: Schema.Boolean,
          chain: Schema.Array(Message),
          execution: Schema.Array(ChainLink),
          ...chainPage.answer,
        }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(
        OpenApi.Summary,
        "A run: decision with every rule, attempts, clocks, outcome, usage, and a page of its execution chain",
      ),
    HttpApiEndpoint.get("events", "/runs/:runId/events", {
      params: runIds,
      headers: streamHeaders,
      query: { ...streamQuery, ticket: Schema.optionalKey(Schema.String) },
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(TakesTicket, true)
      .annotate(OpenApi.Summary, "The run's events after a given one: replayed, then live"),
    HttpApiEndpoint.post("ticket", "/runs/:runId/ticket", {
      params: runIds,
      success: success(
        Schema.Struct({ ticket: Schema.String, expiresAt: Schema.Finite, url: Schema.String }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(
        OpenApi.Summary,
        "A ticket to read the run's events without a token, for the browser's EventSource; it opens streams for one minute",
      ),
    HttpApiEndpoint.post("cancel", "/runs/:runId/cancel", {
      params: runIds,
      success: success(Schema.Struct({ runId: RunId, cancelled: Schema.Boolean })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(OpenApi.Summary, "Cancel a run; of no effect on one that has ended"),
    HttpApiEndpoint.get("file", "/runs/:runId/files/:fileId", {
      params: { ...runIds, fileId: Schema.String },
      success: HttpApiSchema.StreamUint8Array(),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "A file that the runtime made in the run"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/chat") {}

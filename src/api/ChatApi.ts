/** The chat routes. The contract describes streams by their events; the handlers write the frames. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Message } from "../protocol/agent2ui/Message.ts"
import { RunId, SessionId } from "../domain/Ids.ts"
import { Run, RunDone, RunError } from "../domain/Run.ts"
import { ChainLink, RunTimes, TimedAttempt } from "../domain/RunAccount.ts"
import { SessionOverview } from "../domain/SessionOverview.ts"
import {
  Authorization,
  RequestValidation,
  RequiredPermissions,
  TakesFileLink,
  TakesTicket,
} from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { FileTicket, fileTicketQuery } from "./FileTicket.ts"
import { withRanges } from "./openapi/Ranges.ts"
import { ShownMessage } from "./SessionView.ts"
import { pagedBy } from "./Paging.ts"
import { MessagesQuery, messagesPage, SessionsQuery, sessionsPage } from "./SessionQuery.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { RouteErrors, StreamsRun } from "./RouteErrors.ts"
import { Answered, Sent, Started } from "./TurnBody.ts"
import { protocolNames } from "../protocol/Protocols.ts"
import { eventSchema } from "../protocol/Sse.ts"

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
const protocolVersion = Schema.optionalKey(
  Schema.Literals([...protocolNames, ""]).annotate({
    description: "The version of the event protocol. New clients use 2, the default.",
  }),
)
const eventId = (description: string) => Schema.optionalKey(Schema.String.annotate({ description }))
const lastEvent =
  "The `id` of the last event that the client has, `<runId>:<seq>`: the stream continues after it. 204 if the run has ended there."
const streamHeaders = {
  "last-event-id": eventId(lastEvent),
  "x-agent2ui-protocol": Schema.optionalKey(
    Schema.String.annotate({ description: "Like the parameter `protocol`, which takes precedence." }),
  ),
}
export const idempotencyKey = Schema.optionalKey(
  Schema.String.check(
    Schema.isPattern(/^[\x20-\x7e]{1,255}$/, { message: "Expected 1 to 255 printable ASCII characters" }),
  ).annotate({
    description:
      "Makes a retry safe: the same request with the same key, within 24 h, gets the stream of the first one and starts no second turn.",
  }),
)
const turnHeaders = { ...streamHeaders, "idempotency-key": idempotencyKey }
const streamQuery = {
  protocol: protocolVersion,
  lastEventId: eventId("Like the header `Last-Event-ID`, which takes precedence."),
  after: eventId("Older name of `lastEventId`."),
}

const chainPage = pagedBy("chain", Schema.Int, 1000)

/** The parts that all routes which start a turn share. */
export const startsTurn = { headers: turnHeaders, query: streamQuery, success: stream, error: errorSchemas }

/** The parts of a route that reads a run's stream. */
export const readsStream = {
  headers: streamHeaders,
  query: streamQuery,
  success: stream,
  error: errorSchemas,
}

export class ChatApi extends HttpApiGroup.make("chat")
  .add(
    HttpApiEndpoint.post("start", "/start", {
      payload: Started,
      ...startsTurn,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(StreamsRun, "starts")
      .annotate(OpenApi.Summary, "Start a session")
      .annotate(OpenApi.Description, "Stores the first message of a new session and streams its answer."),
    HttpApiEndpoint.post("send", "/sessions/:sessionId", {
      params: { sessionId: SessionId },
      payload: Sent,
      ...startsTurn,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(StreamsRun, "starts")
      .annotate(RouteErrors, ["SESSION_NOT_FOUND", "REQUEST_IN_PROGRESS"])
      .annotate(OpenApi.Summary, "Send a message to a session")
      .annotate(
        OpenApi.Description,
        "Streams the answer to the next message of the session. By default the message follows the last one; `parentMessageId` names another message, or null for none, and the model gets that chain of messages. With `retry: true` the service answers a message again whose turn failed: leave `message` out, or repeat it.",
      ),
    HttpApiEndpoint.post("resume", "/sessions/:sessionId/resume", {
      params: { sessionId: SessionId },
      payload: Answered,
      ...startsTurn,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(StreamsRun, "starts")
      .annotate(RouteErrors, ["SESSION_NOT_FOUND", "REQUEST_IN_PROGRESS", "INTERRUPT_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Answer the questions of an agent")
      .annotate(
        OpenApi.Description,
        "An agent can stop and ask, for example for the approval of a call: the run has `interrupt` messages and ends with `finishReason: interrupt`. This route starts the turn that answers them. A plain message to the session also answers: the agent then gets its text.",
      ),
    HttpApiEndpoint.get("sessions", "/sessions", {
      query: SessionsQuery,
      success: success(Schema.Struct({ sessions: Schema.Array(SessionOverview), ...sessionsPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "List your sessions")
      .annotate(
        OpenApi.Description,
        "The sessions of the caller by their last activity, pinned ones first, archived ones left out.",
      ),
    HttpApiEndpoint.get("session", "/sessions/:sessionId", {
      params: { sessionId: SessionId },
      query: MessagesQuery,
      success: success(
        Schema.Struct({
          ...SessionOverview.fields,
          messages: Schema.Array(ShownMessage),
          ...messagesPage.answer,
        }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "SESSION_NOT_FOUND", "MESSAGE_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Read a session and its messages")
      .annotate(
        OpenApi.Description,
        "The last messages of the session, oldest first: those of all branches, or with `leaf` one path; 1000 unless `limit` says less. `hasMore` is true if older ones follow. An answer has its parts as they were shown; a turn that failed has a message too, with its error.",
      ),
    HttpApiEndpoint.get("run", "/runs/:runId", {
      params: runIds,
      query: chainPage.query,
      success: success(
        Schema.Struct({
          ...Run.fields,
          attempts: Schema.Array(TimedAttempt),
          times: RunTimes,
          /** False if the events have expired. Then `chain` is that of the stored parts, and `execution` is empty. */
          eventsKept: Schema.Boolean,
          chain: Schema.Array(Message),
          execution: Schema.Array(ChainLink),
          ...chainPage.answer,
        }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Read a run")
      .annotate(
        OpenApi.Description,
        "The facts of one answer: the decision with every rule, each attempt with its times, the outcome, the usage, and a page of its events (`chain`).",
      ),
    HttpApiEndpoint.get("events", "/runs/:runId/events", {
      params: runIds,
      headers: streamHeaders,
      query: {
        ...streamQuery,
        ticket: Schema.optionalKey(
          Schema.String.annotate({ description: "A read ticket, instead of a token." }),
        ),
      },
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(StreamsRun, "reads")
      .annotate(TakesTicket, true)
      .annotate(OpenApi.Summary, "Read the events of a run")
      .annotate(
        OpenApi.Description,
        "Sends the events after the given one, first the stored ones, then new ones as they happen. Without an event id the stream starts with the first event. Use it after a broken connection, and in a second tab.",
      ),
    HttpApiEndpoint.post("ticket", "/runs/:runId/ticket", {
      params: runIds,
      success: success(
        Schema.Struct({ ticket: Schema.String, expiresAt: Schema.Finite, url: Schema.String }),
      ),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Create a read ticket")
      .annotate(
        OpenApi.Description,
        "A browser's `EventSource` cannot send a token. Open it with the `url` of this answer instead. The ticket opens streams of this run for one minute; an open stream continues after that.",
      ),
    HttpApiEndpoint.post("cancel", "/runs/:runId/cancel", {
      params: runIds,
      success: success(Schema.Struct({ runId: RunId, cancelled: Schema.Boolean })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Cancel a run")
      .annotate(
        OpenApi.Description,
        "Ends the answer. A run that has ended stays as it is, and `cancelled` is false.",
      ),
    HttpApiEndpoint.get("file", "/runs/:runId/files/:fileId", {
      params: { ...runIds, fileId: Schema.String },
      query: fileTicketQuery,
      success: HttpApiSchema.StreamUint8Array(),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(TakesFileLink, true)
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND", "FILE_NOT_FOUND", "FILE_UNAVAILABLE"])
      .annotate(OpenApi.Transform, withRanges)
      .annotate(OpenApi.Summary, "Download a file of a run")
      .annotate(
        OpenApi.Description,
        "A file that the agent made. Its address is in the `file` event of the run. Byte ranges work if the runtime supports them.",
      ),
    HttpApiEndpoint.post("fileTicket", "/runs/:runId/files/:fileId/ticket", {
      params: { ...runIds, fileId: Schema.String },
      success: success(FileTicket),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND", "FILE_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Create a link to a file of a run")
      .annotate(
        OpenApi.Description,
        "An `<img>` or `<a download>` cannot send a token. Use the `url` of this answer there. It opens this file for five minutes.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(
    OpenApi.Description,
    "Send messages, stream answers, read sessions and runs. A session belongs to one user; a run is one answer to one message.",
  )
  .annotate(OpenApi.Title, "Chat")
  .prefix("/api/v1/chat") {}

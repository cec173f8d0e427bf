/** The routes of the AI SDK's `useChat`: `DefaultChatTransport({ api: "…/api/v1/ai-sdk/chat" })` works with them unchanged. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { ClientId } from "../domain/ClientKey.ts"
import { RunId } from "../domain/Ids.ts"
import { problemOf, UiRequest } from "../protocol/ai-sdk/UiRequest.ts"
import { eventSchema } from "../protocol/Sse.ts"
import { BodyLimit, withFiles } from "./BodyLimit.ts"
import { RouteErrors, StreamsRun } from "./RouteErrors.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { idempotencyKey } from "./ChatApi.ts"
import { messageProblem } from "./TurnBody.ts"
import { success } from "./Envelope.ts"
import { pagedBy } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

const chunk = Schema.StructWithRest(Schema.Struct({ type: Schema.String }), [
  Schema.Record(Schema.String, Schema.Json),
]).annotate({ description: "A chunk of the UI message stream. After the last one comes `[DONE]`." })

const stream = HttpApiSchema.StreamSse({ events: eventSchema("message", chunk) })

const payload = UiRequest.check(Schema.makeFilter((request) => problemOf(request, messageProblem)))

const messagesPage = pagedBy("messages", Schema.Int, 1000)

const uiMessage = Schema.StructWithRest(
  Schema.Struct({
    id: Schema.String,
    role: Schema.Literals(["user", "assistant"]),
    metadata: Schema.optionalKey(Schema.Json),
    parts: Schema.Array(
      Schema.StructWithRest(Schema.Struct({ type: Schema.String }), [
        Schema.Record(Schema.String, Schema.Json),
      ]),
    ),
  }),
  [Schema.Record(Schema.String, Schema.Json)],
).annotate({ description: "A `UIMessage` of the package `ai`" })

const chatIds = { id: ClientId }

export class AiSdkApi extends HttpApiGroup.make("aiSdk")
  .add(
    HttpApiEndpoint.post("chat", "/chat", {
      headers: { "idempotency-key": idempotencyKey },
      payload,
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(StreamsRun, "starts")
      .annotate(BodyLimit, withFiles)
      .annotate(RouteErrors, ["SESSION_NOT_FOUND", "REQUEST_IN_PROGRESS", "INTERRUPT_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Send a message of useChat")
      .annotate(
        OpenApi.Description,
        "Takes the request of the AI SDK's `DefaultChatTransport` and streams the answer as a UI message stream. The last message is the user's, or an assistant's whose approvals the user has answered. The earlier ones find its place in the stored chat; nothing of them reaches a model.",
      ),
    HttpApiEndpoint.get("stream", "/chat/:id/stream", {
      params: chatIds,
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(StreamsRun, "finds")
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED"])
      .annotate(OpenApi.Summary, "Resume a stream of useChat")
      .annotate(
        OpenApi.Description,
        "Streams the chat's running answer from its start, as `useChat` expects it with `resume: true`. The answer is 204 when none is running, and for a new chat.",
      ),
    HttpApiEndpoint.get("messages", "/chat/:id/messages", {
      params: chatIds,
      query: messagesPage.query,
      success: success(Schema.Struct({ messages: Schema.Array(uiMessage), ...messagesPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED"])
      .annotate(OpenApi.Summary, "Read the messages of useChat")
      .annotate(
        OpenApi.Description,
        "The chat as `useChat` had built it, for its option `messages`: the path to the newest message, oldest first. A new chat has none. An answer that failed has a `data-run-error` part with its error. The next page has older messages.",
      ),
    HttpApiEndpoint.post("stop", "/chat/:id/stop", {
      params: chatIds,
      success: success(Schema.Struct({ runId: Schema.NullOr(RunId), cancelled: Schema.Boolean })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(RouteErrors, ["AUTH_AGENT_DENIED", "RUN_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Stop an answer of useChat")
      .annotate(
        OpenApi.Description,
        "Cancels the chat's running answer. `stop()` of `useChat` only closes its connection, because the client may resume.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Chat with `useChat` of the AI SDK.")
  .annotate(OpenApi.Title, "AI SDK")
  .prefix("/api/v1/ai-sdk") {}

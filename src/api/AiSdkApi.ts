/** The routes of the AI SDK's `useChat`: `DefaultChatTransport({ api: "…/api/v1/ai-sdk/chat" })` works with them unchanged. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { RunId } from "../domain/Ids.ts"
import { ChatId, problemOf, UiRequest } from "../protocol/ai-sdk/UiRequest.ts"
import { eventSchema } from "../protocol/Sse.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { idempotencyKey, messageProblem } from "./ChatApi.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

const chunk = Schema.StructWithRest(Schema.Struct({ type: Schema.String }), [
  Schema.Record(Schema.String, Schema.Json),
]).annotate({ description: "A chunk of the UI message stream; after the last one comes `[DONE]`" })

const stream = HttpApiSchema.StreamSse({ events: eventSchema("message", chunk) })

const payload = UiRequest.check(Schema.makeFilter((request) => problemOf(request, messageProblem)))

const chatIds = { id: ChatId }

export class AiSdkApi extends HttpApiGroup.make("aiSdk")
  .add(
    HttpApiEndpoint.post("chat", "/chat", {
      headers: { "idempotency-key": idempotencyKey },
      payload,
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(
        OpenApi.Summary,
        "Send the last message of a chat, ask for its answer again, or answer its approvals",
      ),
    HttpApiEndpoint.get("stream", "/chat/:id/stream", {
      params: chatIds,
      success: stream,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "The chat's running answer from its start; 204 when none is running"),
    HttpApiEndpoint.post("stop", "/chat/:id/stop", {
      params: chatIds,
      success: success(Schema.Struct({ runId: Schema.NullOr(RunId), cancelled: Schema.Boolean })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write"])
      .annotate(OpenApi.Summary, "Cancel the chat's running answer; of no effect when none is running"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/ai-sdk") {}

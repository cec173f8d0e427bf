/**
 * The routes of OpenAI's protocol. An agent is a model, and each request is the first turn of a new session. The prefix and the
 * fields are OpenAI's own.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { ChatCompletion, ChatCompletionChunk } from "../protocol/openai/Completion.ts"
import { ErrorObject } from "../protocol/openai/ErrorObject.ts"
import { statusOfCode } from "../protocol/PublicError.ts"
import { Authorization, OrPermission, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { idempotencyKey } from "./ChatApi.ts"
import { ChatRequest, ModelId } from "./OpenAiChatRequest.ts"

/** The statuses of failed runs, which are no errors of the request, follow those of the gateway. */
const statuses = new Set<number>([...Object.values(statusOfCode), 422, 499, 502, 504])
const errors = [...statuses].map((status) => ErrorObject.pipe(HttpApiSchema.status(status)))

const Model = Schema.Struct({
  /** `agent:` and the agent's id. */
  id: Schema.String,
  object: Schema.Literal("model"),
  created: Schema.Int,
  owned_by: Schema.String,
  /** The agent's name, which requests may use as `model` too. */
  name: Schema.String,
})
export type Model = typeof Model.Type

const turnHeaders = {
  "idempotency-key": idempotencyKey,
  "x-crossfade-hold": Schema.optionalKey(
    Schema.Literals(["true", "false", ""]).annotate({
      description: "true: a stream shows its text at the end of the run, so a failed attempt never breaks it",
    }),
  ),
}

const chunkEvent = Schema.Struct({ data: Schema.fromJsonString(ChatCompletionChunk) })

export class OpenAiApi extends HttpApiGroup.make("openai")
  .add(
    HttpApiEndpoint.post("chat", "/chat/completions", {
      headers: turnHeaders,
      payload: ChatRequest,
      success: [ChatCompletion, HttpApiSchema.StreamSse({ events: chunkEvent })],
      error: errors,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(OpenApi.Summary, "Answer a conversation in OpenAI's chat format, streamed or whole"),
    HttpApiEndpoint.get("models", "/models", {
      success: Schema.Struct({ object: Schema.Literal("list"), data: Schema.Array(Model) }),
      error: errors,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(OrPermission, "chat:write")
      .annotate(OpenApi.Summary, "The active agents that the caller may use, as models"),
    HttpApiEndpoint.get("model", "/models/:model", {
      params: { model: ModelId },
      success: Model,
      error: errors,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(OrPermission, "chat:write")
      .annotate(OpenApi.Summary, "One agent as a model, by `agent:<id>` or by its name"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/v1") {}

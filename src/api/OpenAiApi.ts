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
import { eventSchema } from "../protocol/Sse.ts"
import { Authorization, OrPermission, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { idempotencyKey } from "./ChatApi.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { BodyLimit, withFiles } from "./BodyLimit.ts"
import { RouteErrors, StreamsRun } from "./RouteErrors.ts"
import { ChatRequest, ModelId } from "./OpenAiChatRequest.ts"

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

const chunks = HttpApiSchema.StreamSse({ events: eventSchema("message", ChatCompletionChunk) })

export class OpenAiApi extends HttpApiGroup.make("openai")
  .add(
    HttpApiEndpoint.post("chat", "/chat/completions", {
      headers: turnHeaders,
      payload: ChatRequest,
      success: [ChatCompletion, chunks],
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(StreamsRun, "starts")
      .annotate(BodyLimit, withFiles)
      .annotate(OpenApi.Summary, "Answer a conversation of OpenAI's chat format")
      .annotate(
        OpenApi.Description,
        "Takes the requests of OpenAI's clients. `model` is an agent. Each request is the first turn of a new session: it brings its own history, and its last message is the user's. With `stream: true` the chunks end with `[DONE]`; a stream that fails ends with an error object instead. A run that fails before its first text has the status of its failure.",
      ),
    HttpApiEndpoint.get("models", "/models", {
      success: Schema.Struct({ object: Schema.Literal("list"), data: Schema.Array(Model) }),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(OrPermission, "chat:write")
      .annotate(OpenApi.Summary, "List the agents as models")
      .annotate(OpenApi.Description, "The active agents that the caller may use, oldest first."),
    HttpApiEndpoint.get("model", "/models/:model", {
      params: { model: ModelId },
      success: Model,
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["agents:read"])
      .annotate(OrPermission, "chat:write")
      .annotate(RouteErrors, ["AGENT_NOT_FOUND", "AUTH_AGENT_DENIED"])
      .annotate(OpenApi.Summary, "Read one agent as a model")
      .annotate(OpenApi.Description, "The model is `agent:<id>`, or the agent's name."),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Use agents from clients of OpenAI's API.")
  .annotate(OpenApi.Title, "OpenAI")
  .prefix("/v1") {}

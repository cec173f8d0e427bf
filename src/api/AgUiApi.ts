/** The routes of AG-UI: `new HttpAgent({ url: "…/api/v1/ag-ui" })` of `@ag-ui/client` works with them unchanged. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { AgentId } from "../domain/Ids.ts"
import { problemOf, RunAgentInput } from "../protocol/ag-ui/RunAgentInput.ts"
import { eventSchema } from "../protocol/Sse.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { idempotencyKey } from "./ChatApi.ts"
import { messageProblem } from "./TurnBody.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { BodyLimit, withFiles } from "./BodyLimit.ts"
import { RouteErrors, StreamsRun } from "./RouteErrors.ts"

const event = Schema.StructWithRest(Schema.Struct({ type: Schema.String }), [
  Schema.Record(Schema.String, Schema.Json),
]).annotate({ description: "An event of AG-UI 1.0" })

const stream = HttpApiSchema.StreamSse({ events: eventSchema("message", event) })

const request = {
  headers: { "idempotency-key": idempotencyKey },
  payload: RunAgentInput.check(Schema.makeFilter((input) => problemOf(input, messageProblem))),
  success: stream,
  error: errorSchemas,
}

const ownErrors = ["SESSION_NOT_FOUND", "REQUEST_IN_PROGRESS", "INTERRUPT_NOT_FOUND"] as const
const description =
  "Takes the `RunAgentInput` of AG-UI 1.0, as `HttpAgent` sends it, and streams the answer as AG-UI events. The last message of the user is the turn's message, or `resume` answers the interrupts of the last run. The earlier messages find its place in the stored thread; nothing of them reaches a model. A client that closes its connection cancels the run, unless it has sent an `Idempotency-Key`."

export class AgUiApi extends HttpApiGroup.make("agUi")
  .add(
    HttpApiEndpoint.post("run", "/", request)
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(StreamsRun, "starts")
      .annotate(BodyLimit, withFiles)
      .annotate(RouteErrors, ownErrors)
      .annotate(OpenApi.Summary, "Run the default agent over AG-UI")
      .annotate(OpenApi.Description, description),
    HttpApiEndpoint.post("runAgent", "/:agentId", { ...request, params: { agentId: AgentId } })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(StreamsRun, "starts")
      .annotate(BodyLimit, withFiles)
      .annotate(RouteErrors, ownErrors)
      .annotate(OpenApi.Summary, "Run an agent over AG-UI")
      .annotate(OpenApi.Description, description),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "Chat with the clients of AG-UI.")
  .annotate(OpenApi.Title, "AG-UI")
  .prefix("/api/v1/ag-ui") {}

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
import { idempotencyKey, messageProblem } from "./ChatApi.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

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

export class AgUiApi extends HttpApiGroup.make("agUi")
  .add(
    HttpApiEndpoint.post("run", "/", request)
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(OpenApi.Summary, "Run a turn of a thread; the built-in agent answers a new one"),
    HttpApiEndpoint.post("runAgent", "/:agentId", { ...request, params: { agentId: AgentId } })
      .annotate(RequiredPermissions, ["chat:write", "sessions:write"])
      .annotate(OpenApi.Summary, "Run a turn of a thread with this agent"),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .prefix("/api/v1/ag-ui") {}

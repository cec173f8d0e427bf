/** Liveness and readiness. Public, because load balancers have no tokens. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { success } from "./Envelope.ts"

export const Part = Schema.Struct({
  status: Schema.Literals(["healthy", "unhealthy", "not_configured"]),
  detail: Schema.optionalKey(Schema.String),
})

/**
 * Ready means that a turn would be accepted. That needs the store and one mode; a runtime that is down is only
 * reported.
 */
export const Readiness = Schema.Struct({
  ready: Schema.Boolean,
  parts: Schema.Struct({ store: Part, runtime: Part, direct: Part }),
  /** Present if the service runs on its sandbox: answers are not from a real runtime or model. */
  sandbox: Schema.optionalKey(Schema.Struct({ runtimeUrl: Schema.String, modelUrl: Schema.String })),
})

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/", {
      success: success(Schema.Struct({ status: Schema.Literal("alive") })),
    }).annotate(OpenApi.Summary, "Check that the process answers"),
    HttpApiEndpoint.get("ready", "/ready", {
      success: [success(Readiness), success(Readiness).pipe(HttpApiSchema.status(503))],
    })
      .annotate(OpenApi.Summary, "Check that the service takes turns")
      .annotate(
        OpenApi.Description,
        "Ready means that the store answers and at least one mode is configured. The status is 503 otherwise, with the same body.",
      ),
  )
  .annotate(OpenApi.Description, "For load balancers. Public.")
  .annotate(OpenApi.Title, "Health")
  .prefix("/api/v1/health") {}

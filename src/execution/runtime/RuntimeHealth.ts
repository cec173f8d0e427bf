/** Whether the runtime says that it is well: `GET /health`, asked when somebody wants to know. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

export type Health = "healthy" | "unhealthy" | "not_configured"

export class RuntimeHealth extends Context.Service<
  RuntimeHealth,
  { readonly check: Effect.Effect<Health> }
>()("crossfade/execution/runtime/RuntimeHealth") {
  /** `baseUrl` empty: there is no runtime. */
  static readonly layer = (baseUrl: string): Layer.Layer<RuntimeHealth, never, HttpClient.HttpClient> =>
    Layer.effect(
      RuntimeHealth,
      Effect.map(HttpClient.HttpClient, (client) => ({
        check: baseUrl === "" ? Effect.succeed("not_configured" as const) : ask(client, baseUrl),
      })),
    )
}

/** A runtime that takes longer to say that it is well is not well; a load balancer waits no longer either. */
const timeout = "2 seconds"

const isHealthy = HttpClientResponse.schemaBodyJson(Schema.Struct({ status: Schema.Literal("healthy") }))

const ask = (client: HttpClient.HttpClient, baseUrl: string): Effect.Effect<Health> =>
  client
    .get(`${baseUrl}/health`)
    .pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.flatMap(isHealthy),
      Effect.timeout(timeout),
      Effect.match({ onFailure: () => "unhealthy" as const, onSuccess: () => "healthy" as const }),
    )

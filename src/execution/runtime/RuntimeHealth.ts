/** The runtime's own health report: `GET /health`, on demand. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { encodingOf } from "../AnswerEncoding.ts"
import * as BoundedBody from "../BoundedBody.ts"
import { UpstreamHttp } from "../UpstreamHttp.ts"

type Health = "healthy" | "unhealthy" | "not_configured"

export class RuntimeHealth extends Context.Service<
  RuntimeHealth,
  { readonly check: Effect.Effect<Health> }
>()("crossfade/execution/runtime/RuntimeHealth") {
  /** `baseUrl` empty: there is no runtime. */
  static readonly layer = (baseUrl: string): Layer.Layer<RuntimeHealth, never, UpstreamHttp> =>
    Layer.effect(
      RuntimeHealth,
      Effect.map(UpstreamHttp, (http) => ({
        check: baseUrl === "" ? Effect.succeed("not_configured" as const) : ask(http, baseUrl),
      })),
    )
}

/** A runtime that takes longer counts as unhealthy. A load balancer waits no longer either. */
const timeout = "2 seconds"
const mostBytes = 64 * 1024

const isHealthy = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ status: Schema.Literal("healthy") })),
)

const ask = (http: UpstreamHttp["Service"], baseUrl: string): Effect.Effect<Health> =>
  http.get({ url: `${baseUrl}/health`, headers: {} }).pipe(
    Effect.filterOrFail((answer) => answer.status === 200 && encodingOf(answer) === undefined),
    Effect.flatMap((answer) => BoundedBody.text(answer, { bytes: mostBytes, idle: timeout })),
    Effect.scoped,
    Effect.timeout(timeout),
    Effect.match({
      onFailure: () => "unhealthy" as const,
      onSuccess: (body) => (Option.isSome(isHealthy(body)) ? "healthy" : "unhealthy"),
    }),
  )

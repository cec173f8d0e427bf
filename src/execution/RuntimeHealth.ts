/**
 * The runtime's health, asked on demand. `RUNTIME_HEALTH_PATH` names a check that every protocol may have. Without it,
 * agent2ui and langgraph have a check of their own, and an ag-ui or responses endpoint is healthy if it takes a TCP connection.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { connect } from "node:net"
import type { RuntimeProtocol } from "../domain/RuntimeProtocol.ts"
import { encodingOf } from "./AnswerEncoding.ts"
import * as BoundedBody from "./BoundedBody.ts"
import { plainHeaders, type RuntimeSettings, withoutSlash } from "./RuntimeSettings.ts"
import { type Answer, UpstreamHttp } from "./UpstreamHttp.ts"

type Health = "healthy" | "unhealthy" | "not_configured"

export interface Settings extends Pick<RuntimeSettings, "baseUrl" | "headers" | "protocol"> {
  /** `RUNTIME_HEALTH_PATH`; empty: the check of the protocol. */
  readonly healthPath: string
}

export class RuntimeHealth extends Context.Service<
  RuntimeHealth,
  { readonly check: Effect.Effect<Health> }
>()("crossfade/execution/RuntimeHealth") {
  /** `baseUrl` empty: there is no runtime. */
  static readonly layer = (settings: Settings): Layer.Layer<RuntimeHealth, never, UpstreamHttp> =>
    Layer.effect(
      RuntimeHealth,
      Effect.map(UpstreamHttp, (http) => ({
        check: settings.baseUrl === "" ? Effect.succeed("not_configured" as const) : ask(http, settings),
      })),
    )
}

/** A runtime that takes longer counts as unhealthy. A load balancer waits no longer either. */
const timeout = "2 seconds"
const mostBytes = 64 * 1024

/** A health check over HTTP. `isHealthy` is undefined if the status alone counts. */
interface Check {
  readonly path: string
  readonly isHealthy: ((body: string) => boolean) | undefined
}

const bodyOf = (schema: Schema.Codec<unknown>) => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
  return (body: string) => Option.isSome(decode(body))
}

const checks: Partial<Record<RuntimeProtocol, Check>> = {
  agent2ui: { path: "/health", isHealthy: bodyOf(Schema.Struct({ status: Schema.Literal("healthy") })) },
  langgraph: { path: "/ok", isHealthy: bodyOf(Schema.Struct({ ok: Schema.Literal(true) })) },
}

const ask = (http: UpstreamHttp["Service"], settings: Settings): Effect.Effect<Health> => {
  const own = checks[settings.protocol]
  const isUp =
    settings.healthPath !== ""
      ? get(http, settings, `${new URL(settings.baseUrl).origin}${settings.healthPath}`, undefined)
      : own === undefined
        ? connected(settings.baseUrl)
        : get(http, settings, `${withoutSlash(settings.baseUrl)}${own.path}`, own.isHealthy)
  return isUp.pipe(
    Effect.timeout(timeout),
    Effect.match({
      onFailure: () => "unhealthy" as const,
      onSuccess: (up) => (up ? "healthy" : "unhealthy"),
    }),
  )
}

const get = (
  http: UpstreamHttp["Service"],
  { headers }: Settings,
  url: string,
  isHealthy: Check["isHealthy"],
): Effect.Effect<boolean, unknown> =>
  http.get({ url, headers: plainHeaders(headers) }).pipe(
    Effect.flatMap((answer) => {
      if (isHealthy !== undefined) return readBy(answer, isHealthy)
      answer.drain()
      return Effect.succeed(answer.status >= 200 && answer.status < 300)
    }),
    Effect.scoped,
  )

const readBy = (answer: Answer, isHealthy: (body: string) => boolean): Effect.Effect<boolean, unknown> =>
  answer.status !== 200 || encodingOf(answer) !== undefined
    ? Effect.succeed(false)
    : Effect.map(BoundedBody.text(answer, { bytes: mostBytes, idle: timeout }), isHealthy)

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 }

/** Never through a forward proxy: a proxy accepts connections for a runtime that is down. */
const connected = (baseUrl: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const { hostname, port, protocol } = new URL(baseUrl)
    const socket = connect({
      // `URL` keeps the brackets of an IPv6 address.
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (defaultPorts[protocol] ?? 0) : Number(port),
    })
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.once("error", () => resume(Effect.succeed(false)))
    return Effect.sync(() => socket.destroy())
  })

/** The other services of the environment: the collector, the identity provider's keys, webhooks. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { Settings } from "../../config/Config.ts"
import { exportsOf } from "../../config/ConfigTelemetry.ts"
import { TransportFailed } from "../../execution/UpstreamHttp.ts"
import * as Jwks from "../../http/Jwks.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"
import { adviceFor, reasonOf } from "./UpstreamAdvice.ts"

type Signal = "traces" | "metrics" | "logs"
const signals: ReadonlyArray<Signal> = ["traces", "metrics", "logs"]

const endpointOf = (settings: Settings, signal: Signal): string => {
  const own =
    signal === "traces"
      ? settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
      : signal === "metrics"
        ? settings.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT
        : settings.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT
  return own || `${settings.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/${signal}`
}

/** `key=value` pairs, percent-encoded (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). */
const headersOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(",").flatMap((pair) => {
      const at = pair.indexOf("=")
      return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]]
    }),
  )

/** An export without data, which a collector accepts. */
const exported = (settings: Settings, signal: Signal): Effect.Effect<Finding> => {
  const url = endpointOf(settings, signal)
  const { host } = new URL(url)
  const check = `collector (${signal})`
  return Effect.tryPromise({
    try: () =>
      fetch(url, {
        method: "POST",
        headers: { ...headersOf(settings.OTEL_EXPORTER_OTLP_HEADERS), "content-type": "application/json" },
        body: "{}",
        redirect: "manual",
        signal: AbortSignal.timeout(5000),
      }),
    catch: (cause) => new TransportFailed({ cause }),
  }).pipe(
    Effect.match({
      onFailure: ({ cause }) => {
        const reason = reasonOf(cause)
        return failed(check, `${host}: ${reason}`, adviceFor(reason, "OTEL_EXPORTER_OTLP_ENDPOINT"))
      },
      onSuccess: ({ ok: isGood, status }) => {
        if (isGood) return ok(check, `${host} accepts an empty export`)
        const isKey = status === 401 || status === 403
        return (isKey ? failed : warning)(
          check,
          `${host} answered ${status}`,
          isKey
            ? "Correct OTEL_EXPORTER_OTLP_HEADERS."
            : "Check the path: OTLP over HTTP uses port 4318 by convention.",
        )
      },
    }),
  )
}

const collectors = (settings: Settings): ReadonlyArray<Check> => {
  const exports = exportsOf(settings)
  return signals
    .filter((signal) => exports[signal] !== undefined)
    .map((signal) => ({
      name: `collector (${signal})`,
      run: Effect.map(exported(settings, signal), (finding) => [finding]),
    }))
}

const keys = ({ AUTH_JWKS_URL }: Settings): ReadonlyArray<Check<HttpClient.HttpClient>> =>
  AUTH_JWKS_URL === ""
    ? []
    : [
        {
          name: "AUTH_JWKS_URL",
          run: Effect.flatMap(HttpClient.HttpClient, (client) => Jwks.fetchFrom(client, AUTH_JWKS_URL)).pipe(
            Effect.match({
              onFailure: (error) => [
                failed(
                  "AUTH_JWKS_URL",
                  `gives no keys: ${reasonOf(error)}`,
                  "Set it to the jwks_uri of the identity provider; its finding `way to` shows the connection.",
                ),
              ],
              onSuccess: () => [ok("AUTH_JWKS_URL", "has keys")],
            }),
          ),
        },
      ]

/** They are not called, because each call is a message to people. */
const webhookChecks = ({ webhooks }: Settings): ReadonlyArray<Check> => {
  const names = webhooks.map(({ name }) => name).join(", ")
  const seen = `${names} ${webhooks.length === 1 ? "is" : "are"} configured, not called; \`crossfade notify test\` calls them`
  return webhooks.length === 0 ? [] : [{ name: "webhooks", run: Effect.succeed([ok("webhooks", seen)]) }]
}

export const checks = (settings: Settings): ReadonlyArray<Check<HttpClient.HttpClient>> => [
  ...collectors(settings),
  ...keys(settings),
  ...webhookChecks(settings),
]

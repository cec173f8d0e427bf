/**
 * The variables of telemetry: part of the table in `Config`. Names that start with `OTEL_` are OpenTelemetry's own;
 * the table has those that this program reads. The SDK reads others itself (`OTEL_BSP_*`, the limits of spans,
 * headers, certificates, compression and timeouts of each signal); they apply too, and the table does not repeat
 * them.
 */
import { choice, list, millis, number, optionalText, url, type Variable } from "./ConfigVariable.ts"

/**
 * As OpenTelemetry specifies: values ignore case, and an unknown one causes a warning and counts as not set
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#type-specific-guidance).
 */
const standard = <A>(variable: Variable<A>): Variable<A> => ({
  ...variable,
  parse: (text) => variable.parse(text.toLowerCase()),
  ignores: () => true,
})

/** `grpc` is known but not offered: over HTTP, nothing would arrive at its port. */
const wireIn = <A>(variable: Variable<A>): Variable<A> => ({
  ...standard(variable),
  ignores: (text) => text.toLowerCase() !== "grpc",
})

const web = ["http://", "https://"]
const endpoint = (name: string) =>
  url(`Endpoint of ${name}, with its path. Empty: below OTEL_EXPORTER_OTLP_ENDPOINT.`, web)
const exporter = (name: string) => standard(choice(`Exporter of ${name}.`, ["otlp", "none"]))
const wire = ["http/protobuf", "http/json"] as const
const ownWire = (name: string) =>
  wireIn({
    ...choice(`The same for ${name} alone.`, ["", ...wire]),
    allowed: `empty, ${wire.join(" or ")}`,
  })

const ids = (text: string) => list(text).length <= 100 && list(text).every((id) => id.length <= 200)
const propagators = ["tracecontext", "baggage", "none"]

const records = (about: string, fallback: number) =>
  standard(number({ default: fallback, min: 1, max: 1_000_000, unit: "log records", about }))
const standardMillis = (about: string, fallback: number, min: number) =>
  standard(millis(about, fallback, min))

export const telemetryVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: url(
    "OpenTelemetry collector (OTLP over HTTP). Empty, and none for a signal: nothing is exported.",
    web,
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint("traces"),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint("metrics"),
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint("logs"),
  OTEL_EXPORTER_OTLP_PROTOCOL: wireIn(choice("How OTLP is written.", [...wire])),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ownWire("traces"),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: ownWire("metrics"),
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ownWire("logs"),
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...optionalText(
      "Headers of each export, such as the collector's key.",
      "key=value pairs separated by commas",
    ),
    secret: true,
  },
  OTEL_TRACES_EXPORTER: exporter("traces"),
  OTEL_METRICS_EXPORTER: exporter("metrics"),
  OTEL_LOGS_EXPORTER: exporter("logs"),
  OTEL_SDK_DISABLED: standard(choice("`true` disables all exports.", ["false", "true"])),
  OTEL_SERVICE_NAME: optionalText("Name of the service. Empty: `crossfade`.", "any text"),
  OTEL_RESOURCE_ATTRIBUTES: optionalText(
    "Further attributes of this process, such as its environment.",
    "key=value pairs separated by commas",
  ),
  OTEL_TRACES_SAMPLER: standard(
    choice("Sampler of turns; `parentbased_…` follows the caller's trace.", [
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
      "always_on",
      "always_off",
      "traceidratio",
    ]),
  ),
  OTEL_TRACES_SAMPLER_ARG: standard({
    default: "1",
    allowed: "a number from 0 to 1",
    about: "Share of turns for the `traceidratio` samplers.",
    parse: (text) => (Number(text) >= 0 && Number(text) <= 1 ? Number(text) : undefined),
  }),
  OTEL_PROPAGATORS: standard({
    ...optionalText(
      "Accepts a caller's `traceparent` and passes it on. Baggage is never passed on.",
      `a list of ${propagators.join(", ")}`,
    ),
    default: "tracecontext",
    parse: (text) => (list(text).every((one) => propagators.includes(one)) ? text : undefined),
  }),
  OTEL_METRIC_EXPORT_INTERVAL: standardMillis("Time between two exports of metrics.", 60_000, 100),
  OTEL_METRIC_EXPORT_TIMEOUT: standardMillis("Longest that one takes.", 30_000, 100),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: standard(
    choice("Start of each count: the process start, or the last export.", [
      "cumulative",
      "delta",
      "lowmemory",
    ]),
  ),
  OTEL_BLRP_SCHEDULE_DELAY: standardMillis("Time between two exports of logs.", 1000, 10),
  OTEL_BLRP_EXPORT_TIMEOUT: standardMillis("Longest that one takes.", 30_000, 10),
  OTEL_BLRP_MAX_QUEUE_SIZE: records("Maximum that wait for export; more are dropped.", 2048),
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: records("How many go at once.", 512),
  METRICS_ORG_LABELS: {
    ...optionalText(
      "Organisations with series of their own; all others share one.",
      "empty, or at most 100 ids of at most 200 characters separated by commas",
    ),
    parse: (text: string) => (ids(text) ? text : undefined),
  },
  LOG_LEVEL: choice("Least severe level that is logged.", ["info", "debug", "warn", "error"]),
  LOG_FORMAT: {
    ...choice(
      "Form of log lines: text for people, or one JSON object a line for log queries. Empty: json with NODE_ENV=production, else pretty.",
      ["", "pretty", "json"],
    ),
    allowed: "empty, pretty | json",
  },
  LOG_CONTENT: choice("`true` logs users' messages and the answers, at level info. For debugging only.", [
    "false",
    "true",
  ]),
}

type Settings = Readonly<Record<Extract<keyof typeof telemetryVariables, `OTEL_${string}`>, string | number>>
type Wire = (typeof wire)[number] | undefined

/** The wire of each signal: its own, or the common one; undefined if it is not exported. */
export const exportsOf = (
  settings: Settings,
): { readonly traces: Wire; readonly metrics: Wire; readonly logs: Wire } => {
  const of = (signal: "TRACES" | "METRICS" | "LOGS"): Wire => {
    const somewhere =
      settings.OTEL_EXPORTER_OTLP_ENDPOINT !== "" || settings[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] !== ""
    if (!somewhere || settings.OTEL_SDK_DISABLED === "true" || settings[`OTEL_${signal}_EXPORTER`] === "none")
      return undefined
    const own = settings[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`] || settings.OTEL_EXPORTER_OTLP_PROTOCOL
    return wire.find((name) => name === own)
  }
  return { traces: of("TRACES"), metrics: of("METRICS"), logs: of("LOGS") }
}

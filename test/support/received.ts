/**
 * The files of a collector's file exporter, as records: each line is one export, in OTLP's JSON. An incomplete last
 * line is ignored.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"

type Values = Readonly<Record<string, unknown>>

export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer"
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Values
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly status: { readonly code: "unset" | "ok" | "error"; readonly message: string }
  readonly resource: Values
}

/** One series at one export. `value` of a histogram is its count. */
export interface Point {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
  readonly sum: number | undefined
  readonly bounds: ReadonlyArray<number>
  readonly buckets: ReadonlyArray<number>
  readonly timeMs: number
  readonly resource: Values
}

export interface LogRecord {
  readonly body: string
  readonly severity: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Values
  readonly resource: Values
}

export const textOf = (folder: string, signal: "traces" | "metrics" | "logs"): string => {
  try {
    return readFileSync(join(folder, `${signal}.jsonl`), "utf8")
  } catch {
    return ""
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- OTLP's JSON, which has every field optional
type Json = any

const exportsOf = (folder: string, signal: "traces" | "metrics" | "logs"): ReadonlyArray<Json> =>
  textOf(folder, signal)
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))

const valueOf = (value: Json): unknown => {
  if (value?.intValue !== undefined) return Number(value.intValue)
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf)
  return value?.stringValue ?? value?.doubleValue ?? value?.boolValue
}

const valuesOf = (attributes: ReadonlyArray<Json> = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]))

const millis = (nanos: string): number => Number(BigInt(nanos ?? 0) / 1000n) / 1000

const kinds = ["internal", "internal", "server", "client", "producer", "consumer"] as const
const codes = ["unset", "ok", "error"] as const

export const readSpans = (folder: string): ReadonlyArray<Span> =>
  exportsOf(folder, "traces").flatMap((line) =>
    line.resourceSpans.flatMap(({ resource, scopeSpans }: Json) =>
      scopeSpans.flatMap(({ spans }: Json) =>
        spans.map((span: Json): Span => ({
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId ?? "",
          name: span.name,
          kind: kinds[span.kind ?? 0]!,
          startMs: millis(span.startTimeUnixNano),
          endMs: millis(span.endTimeUnixNano),
          attributes: valuesOf(span.attributes),
          links: (span.links ?? []).map(({ spanId, traceId }: Json) => ({ traceId, spanId })),
          status: { code: codes[span.status?.code ?? 0]!, message: span.status?.message ?? "" },
          resource: valuesOf(resource?.attributes),
        })),
      ),
    ),
  )

const pointsOf = (metric: Json, resource: Values): ReadonlyArray<Point> => {
  const type = metric.sum ? "counter" : metric.gauge ? "gauge" : "histogram"
  return (metric.sum ?? metric.gauge ?? metric.histogram).dataPoints.map((point: Json): Point => ({
    name: metric.name,
    unit: metric.unit ?? "",
    description: metric.description ?? "",
    type,
    attributes: valuesOf(point.attributes) as Record<string, string>,
    value: Number(point.asInt ?? point.asDouble ?? point.count ?? 0),
    sum: point.sum,
    bounds: point.explicitBounds ?? [],
    buckets: (point.bucketCounts ?? []).map(Number),
    timeMs: millis(point.timeUnixNano),
    resource,
  }))
}

/** Every export of every series, in order. */
export const readPoints = (folder: string): ReadonlyArray<Point> =>
  exportsOf(folder, "metrics").flatMap((line) =>
    line.resourceMetrics.flatMap(({ resource, scopeMetrics }: Json) =>
      scopeMetrics.flatMap(({ metrics }: Json) =>
        metrics.flatMap((metric: Json) => pointsOf(metric, valuesOf(resource?.attributes))),
      ),
    ),
  )

const seriesOf = ({ attributes, name, resource }: Point): string =>
  `${String(resource["service.instance.id"])} ${name} ${JSON.stringify(attributes)}`

/** The last point of each series of each process: a retried export may arrive after a later one. */
export const latest = (points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  const last = new Map<string, Point>()
  for (const point of points) {
    const series = seriesOf(point)
    if (point.timeMs >= (last.get(series)?.timeMs ?? 0)) last.set(series, point)
  }
  return [...last.values()]
}

export const readLogs = (folder: string): ReadonlyArray<LogRecord> =>
  exportsOf(folder, "logs").flatMap((line) =>
    line.resourceLogs.flatMap(({ resource, scopeLogs }: Json) =>
      scopeLogs.flatMap(({ logRecords }: Json) =>
        logRecords.map((record: Json): LogRecord => ({
          body: String(valueOf(record.body)),
          severity: record.severityText ?? "",
          traceId: record.traceId ?? "",
          spanId: record.spanId ?? "",
          attributes: valuesOf(record.attributes),
          resource: valuesOf(resource?.attributes),
        })),
      ),
    ),
  )

/**
 * Exports traces, metrics and logs to an OpenTelemetry collector (OTLP over HTTP). Loaded only if one is configured,
 * so a service without telemetry pays nothing. The SDK itself reads addresses, headers, compression, certificates,
 * timeouts and the limits of spans from the standard's variables.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import * as OtelLogger from "@effect/opentelemetry/OtelLogger"
import * as OtelMetrics from "@effect/opentelemetry/OtelMetrics"
import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import { Resource } from "@effect/opentelemetry/Resource"
import { diag, DiagLogLevel } from "@opentelemetry/api"
import { OTLPLogExporter as LogsJson } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPLogExporter as LogsProto } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter as MetricsJson } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPMetricExporter as MetricsProto } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter as TracesJson } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as TracesProto } from "@opentelemetry/exporter-trace-otlp-proto"
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources"
import { BatchLogRecordProcessor } from "@opentelemetry/sdk-logs"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Tracer from "effect/Tracer"
import * as Failures from "./Failures.ts"
import * as LogsOtlp from "./LogsOtlp.ts"
import { withoutUnits } from "./OtlpUnits.ts"
import { Tracing } from "./Spans.ts"
import type { TelemetrySettings as Settings } from "./TelemetrySettings.ts"

/** A collector that is away must not delay the shutdown. */
const shutdownTimeout = "3 seconds"

/** The environment's attributes of this process override ours. */
const resource = ({ instance, version }: Settings) =>
  Layer.sync(Resource, () =>
    defaultResource()
      .merge(
        resourceFromAttributes({
          "service.name": "crossfade",
          "service.version": version,
          "service.instance.id": instance,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
  )

/** The SDK knows the samplers in lower case only. */
const samplerOf = ({ sampledShare, sampler }: Settings): Sampler => {
  const [, parent, kind] = /^(parentbased_)?(.+)$/.exec(sampler) ?? []
  const root =
    kind === "always_on"
      ? new AlwaysOnSampler()
      : kind === "always_off"
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(sampledShare)
  return parent === undefined ? root : new ParentBasedSampler({ root })
}

/**
 * Installs only the spans. The SDK's hook around each step of each fiber sets its current span, which no code reads.
 */
const tracing = (settings: Settings) =>
  settings.exports.traces === undefined
    ? Layer.empty
    : Layer.effect(
        Tracing,
        Effect.map(OtelTracer.make, (tracer) => Tracer.make({ span: (options) => tracer.span(options) })),
      ).pipe(
        Layer.provide(OtelTracer.layerTracer),
        Layer.provide(
          NodeSdk.layerTracerProvider(
            new BatchSpanProcessor(
              settings.exports.traces === "http/json" ? new TracesJson() : new TracesProto(),
            ),
            { shutdownTimeout, sampler: samplerOf(settings) },
          ),
        ),
      )

const metrics = ({ exports, metricInterval, metricTimeout, temporality }: Settings) =>
  exports.metrics === undefined
    ? Layer.empty
    : Layer.effectDiscard(
        Effect.flatMap(OtelMetrics.makeProducer(temporality), (producer) =>
          OtelMetrics.registerProducer(
            withoutUnits(producer),
            () =>
              new PeriodicExportingMetricReader({
                exporter: exports.metrics === "http/json" ? new MetricsJson() : new MetricsProto(),
                exportIntervalMillis: metricInterval,
                exportTimeoutMillis: Math.min(metricTimeout, metricInterval),
              }),
            { shutdownTimeout },
          ),
        ),
      )

const logs = ({ exports, logRecords }: Settings) =>
  exports.logs === undefined
    ? Layer.empty
    : Logger.layer([Effect.map(OtelLogger.OtelLoggerProvider, LogsOtlp.make)], {
        mergeWithExisting: true,
      }).pipe(
        Layer.provide(
          OtelLogger.layerLoggerProvider(
            new BatchLogRecordProcessor({
              exporter: exports.logs === "http/json" ? new LogsJson() : new LogsProto(),
              ...logRecords,
            }),
            { shutdownTimeout },
          ),
        ),
      )

/** Logs export failures once a minute, so that an outage does not fill the log. */
const failures = Layer.effectDiscard(
  Effect.acquireRelease(
    Effect.map(Failures.make, (failed) =>
      diag.setLogger(
        { error: failed, warn: failed, info: () => {}, debug: () => {}, verbose: () => {} },
        { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
      ),
    ),
    () => Effect.sync(() => diag.disable()),
  ),
)

export const layer = (settings: Settings): Layer.Layer<never> =>
  Layer.mergeAll(tracing(settings), metrics(settings), logs(settings)).pipe(
    Layer.provide(resource(settings)),
    Layer.provideMerge(failures),
  )

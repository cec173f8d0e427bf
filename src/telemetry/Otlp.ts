/**
 * Export of traces and metrics to an OpenTelemetry collector (OTLP over HTTP). Loaded only where one is configured, so
 * that a service without telemetry pays nothing for it. Further `OTEL_*` variables are read by the SDK itself.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"

export const layer = (endpoint: string) =>
  NodeSdk.layer(() => ({
    resource: { serviceName: "crossfade" },
    spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })),
    metricReader: new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }),
    }),
  }))

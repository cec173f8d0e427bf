/** The text of `/metrics`: the metrics of this process, or of all workers of the service. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"

export const MetricsPage = Context.Reference<Effect.Effect<string>>("crossfade/telemetry/MetricsPage", {
  defaultValue: () => PrometheusMetrics.format(),
})

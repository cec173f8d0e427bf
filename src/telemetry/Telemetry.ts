/**
 * Telemetry for an OpenTelemetry collector, if one is configured; otherwise nothing, at no cost. Only `Spans` opens
 * spans; those that Effect opens around a request, a query or a function are off.
 */
import * as HttpClient from "effect/http/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { LogContent } from "./Logs.ts"
import { ListedOrgs } from "./Measure.ts"
import * as Metrics from "./Metrics.ts"
import * as ProcessMetrics from "./ProcessMetrics.ts"
import { TakesParent } from "./Spans.ts"
import type { TelemetrySettings } from "./TelemetrySettings.ts"

export const layer = (settings: TelemetrySettings): Layer.Layer<never> => {
  const { logs, metrics, traces } = settings.exports
  const base = Layer.mergeAll(
    Layer.succeed(References.TracerEnabled, false),
    Layer.succeed(HttpClient.TracerDisabledWhen, () => true),
    Layer.succeed(TakesParent, settings.takesParent),
    Layer.succeed(LogContent, settings.logContent),
    Layer.succeed(ListedOrgs, new Set(settings.listedOrgs)),
    Layer.effectDiscard(Metrics.begin),
    ProcessMetrics.layer(settings.version),
  )
  if (logs === undefined && metrics === undefined && traces === undefined) return base
  return Layer.merge(
    base,
    Layer.unwrap(
      Effect.map(
        Effect.promise(() => import("./Otlp.ts")),
        (otlp) => otlp.layer(settings),
      ),
    ),
  )
}

/**
 * `GET /metrics`: all metrics of the service in Prometheus' text format. It needs no token, because scrapers are
 * inside the cluster: `ADMIN_PORT` moves it off the main port, and the proxies in front answer 404 for it
 * (docs/deploy). It reads no store, and answers during a drain.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { pathOf } from "../domain/WebPage.ts"
import { MetricsPage } from "../telemetry/MetricsPage.ts"

const contentType = "text/plain; version=0.0.4; charset=utf-8"

export const layer = HttpRouter.add(
  "GET",
  pathOf.metrics,
  Effect.map(Effect.flatten(MetricsPage), (text) => HttpServerResponse.text(text, { contentType })),
)

/**
 * `GET /metrics`: all metrics of this process in Prometheus' text format. It needs no token, because scrapers are
 * inside the cluster: `ADMIN_PORT` moves it off the main port, and the proxies in front answer 404 for it
 * (docs/deploy). It reads no store, and answers during a drain.
 */
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { pathOf } from "../domain/WebPage.ts"

export const layer = PrometheusMetrics.layerHttp({ path: pathOf.metrics })

/**
 * `GET /metrics`: every metric of this process in Prometheus' text. For scrapers inside the cluster, so without a token:
 * `ADMIN_PORT` keeps it off the main port, and the proxies before the service answer 404 for it (docs/deploy). It asks no
 * store, and answers while the service drains.
 */
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { pathOf } from "../domain/WebPage.ts"

export const layer = PrometheusMetrics.layerHttp({ path: pathOf.metrics })

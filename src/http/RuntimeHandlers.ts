/** What people on call ask, straight from the Monitor. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { ok } from "../api/Envelope.ts"
import { Monitor } from "../monitoring/Monitor.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "runtime",
  Effect.fnUntraced(function* (handlers) {
    const monitor = yield* Monitor
    return handlers.handleAll({
      metrics: () => Effect.map(monitor.metrics, ok),
      metricsOfOrg: ({ params }) => Effect.map(monitor.metricsOf(params.orgId), ok),
      status: () => Effect.map(monitor.status, ok),
      reset: ({ payload }) => Effect.map(Effect.andThen(monitor.reset(payload?.orgId), monitor.status), ok),
    })
  }),
)

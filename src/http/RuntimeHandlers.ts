/** What people on call ask and order, straight from the Monitor. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import type { OrgId } from "../domain/Ids.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { Transitions } from "../recording/Transitions.ts"
import { answering, invalid, respond } from "./ErrorMapping.ts"

const defaultLimit = 100

interface Order {
  readonly mode: "direct_llm" | "runtime_orchestrator" | "none"
  readonly reason: string
  readonly orgId?: OrgId
  readonly expiresAt?: number
}

export const layer = HttpApiBuilder.group(
  Api,
  "runtime",
  Effect.fnUntraced(function* (handlers) {
    const monitor = yield* Monitor
    const transitions = yield* Transitions
    const status = Effect.map(monitor.status, ok)
    const operator = Effect.map(CurrentPrincipal, ({ orgId, userId }) => `${userId} of ${orgId}`)

    const force = Effect.fnUntraced(function* ({ expiresAt, mode, orgId, reason }: Order) {
      if (expiresAt !== undefined && expiresAt <= (yield* Clock.currentTimeMillis)) {
        return respond(invalid([{ path: "payload.expiresAt", message: "Expected a time that is not over" }]))
      }
      const by = yield* operator
      const forced = mode === "none" ? undefined : { mode, by, reason, expiresAt: expiresAt ?? null }
      yield* monitor.force(forced, `${by}: ${reason}`, orgId)
      return yield* status
    })

    return handlers.handleAll({
      metrics: () => Effect.map(monitor.metrics, ok),
      metricsOfOrg: ({ params }) => Effect.map(monitor.metricsOf(params.orgId), ok),
      status: () => status,
      reset: ({ payload }) =>
        operator.pipe(
          Effect.map((by) => `reset by ${by}${payload?.reason === undefined ? "" : `: ${payload.reason}`}`),
          Effect.flatMap((reason) => monitor.reset(reason, payload?.orgId)),
          Effect.andThen(status),
        ),
      force: ({ payload }) => force(payload),
      history: ({ query }) => answering(Effect.map(transitions.list(query.limit ?? defaultLimit), ok)),
    })
  }),
)

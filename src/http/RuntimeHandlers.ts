/** The routes for people on call. An order holds at once; it is acknowledged when it would survive the process. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import * as Actor from "../domain/Actor.ts"
import type { OrgId } from "../domain/Ids.ts"
import { firstPage, jsonBytes } from "../domain/Page.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import { FleetHealth } from "../monitoring/fleet/FleetHealth.ts"
import type { Metrics, Status } from "../monitoring/HealthReport.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import * as Series from "../monitoring/Series.ts"
import { Audit } from "../store/Audit.ts"
import { OrgUsage } from "../store/OrgUsage.ts"
import { BreakerMemory, OverrideNotStored } from "../recording/BreakerMemory.ts"
import { Replica } from "../platform/Replica.ts"
import { Transitions } from "../store/Transitions.ts"
import { currentActor } from "./CurrentActor.ts"
import * as LiveStream from "./LiveStream.ts"
import { answering, invalid, orgNotFound, respond } from "./ErrorMapping.ts"

const defaultLimit = 100
const mostScopes = 1000

/** The organisations by their ids, so that a page goes on where the last one ended. */
const shownStatus = (
  { orgs, ...status }: Status,
  { cursor = "", limit = mostScopes }: { readonly cursor?: string; readonly limit?: number } = {},
) => {
  const later = orgs.filter(({ orgId }) => orgId > cursor).toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1))
  const page = firstPage(later, limit, jsonBytes, ({ orgId }) => orgId)
  return ok({ ...status, orgs: page.entries, ...pageEnd(page) })
}

interface Order {
  readonly mode: "direct_llm" | "runtime_orchestrator" | "none"
  readonly reason: string
  readonly orgId?: OrgId
  readonly expiresAt?: number
}

const make = Effect.gen(function* () {
  const audit = yield* Audit
  const fleet = yield* FleetHealth
  const memory = yield* BreakerMemory
  const monitor = yield* Monitor

  /** The name of a scope in the audit. */
  const scopeOf = (orgId: OrgId | undefined) =>
    Effect.map(monitor.status, ({ forced, orgs, state }) => {
      const own = orgs.find((org) => org.orgId === orgId)
      const shown = orgId === undefined ? { forced, state } : (own ?? { forced: null, state: "closed" })
      return { orgId: orgId ?? null, state: shown.state, forced: shown.forced }
    })

  const carryOut = Effect.fnUntraced(function* (
    action: "fallback.force" | "fallback.reset",
    { orgId, reason }: { readonly orgId?: OrgId; readonly reason?: string },
    order: (by: string) => Effect.Effect<void>,
  ) {
    const by = yield* currentActor
    const at = yield* Clock.currentTimeMillis
    // Replicas share overrides, and the last one may be another replica's.
    yield* fleet.catchUp
    const before = yield* scopeOf(orgId)
    yield* order(Actor.nameOf(by))
    yield* fleet.catchUp
    yield* memory.written
    const entry = { at, by, action, reason: reason ?? null, before, after: yield* scopeOf(orgId) }
    yield* Effect.mapError(audit.add(entry), (cause) => new OverrideNotStored({ cause }))
    return shownStatus(yield* monitor.status)
  }, Effect.uninterruptible)

  const force = (order: Order) =>
    carryOut("fallback.force", order, (by) => {
      const { expiresAt = null, mode, orgId, reason } = order
      const forced = mode === "none" ? undefined : { mode, by, reason, expiresAt }
      return monitor.setOverride(forced, `${by}: ${reason}`, orgId, by)
    })

  const reset = (given: { readonly orgId?: OrgId; readonly reason?: string }) =>
    carryOut("fallback.reset", given, (by) => {
      const why = given.reason === undefined ? "" : `: ${given.reason}`
      return monitor.reset(`reset by ${by}${why}`, given.orgId, by)
    })

  return { force, reset }
})

/** The reason names operators, their incidents and figures of the whole service. */
const withoutReason = (metrics: Metrics): Metrics => ({
  ...metrics,
  fallbackReason: metrics.fallbackEnabled ? "the runtime is not in use now" : "",
})

/** An operator may see all organisations. For other callers, only their own exists. */
const metricsFor = Effect.fnUntraced(function* (principal: Principal, orgId: OrgId, metrics: Metrics) {
  if (missingPermissions(principal, ["operator:read"]).length === 0) return ok(metrics)
  return principal.orgId === orgId ? ok(withoutReason(metrics)) : yield* orgNotFound
})

const isOver = (expiresAt: number | undefined) =>
  Effect.map(Clock.currentTimeMillis, (now) => expiresAt !== undefined && expiresAt <= now)

export const layer = HttpApiBuilder.group(
  Api,
  "runtime",
  Effect.fnUntraced(function* (handlers) {
    const monitor = yield* Monitor
    const transitions = yield* Transitions
    const usage = yield* OrgUsage
    const { force, reset } = yield* make
    const live = yield* LiveStream.make
    const series = yield* Series.Series
    const { id: replica } = yield* Replica
    return handlers.handleAll({
      live: () => live.response,
      series: () =>
        Effect.map(series.points, (points) =>
          ok({ replica, intervalMs: Series.intervalMs, spanMs: Series.spanMs, points }),
        ),
      metrics: () => Effect.map(monitor.metrics, ok),
      metricsOfOrg: ({ params: { orgId } }) =>
        Effect.flatMap(Effect.zip(CurrentPrincipal, monitor.metricsOf(orgId)), ([principal, metrics]) =>
          metricsFor(principal, orgId, metrics),
        ),
      status: ({ query }) => Effect.map(monitor.status, (status) => shownStatus(status, query)),
      reset: ({ payload }) => answering(reset(payload ?? {})),
      force: ({ payload }) =>
        Effect.flatMap(isOver(payload.expiresAt), (over) =>
          over
            ? respond(invalid([{ path: "payload.expiresAt", message: "Expected a time that is not over" }]))
            : answering(force(payload)),
        ),
      orgs: ({ query: { cursor, limit = mostScopes } }) =>
        answering(
          Effect.map(usage.list(cursor, limit), (page) => ok({ orgs: page.entries, ...pageEnd(page) })),
        ),
      history: ({ query }) =>
        answering(
          Effect.map(transitions.list(pageOf(query, defaultLimit)), (page) => ({
            ...ok(page.entries),
            ...pageEnd(page),
          })),
        ),
    })
  }),
)

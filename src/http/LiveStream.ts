/**
 * `GET /api/v1/runtime/live`: the state of the service, now and each second, as SSE. All watchers share one view a
 * second, and none is made without watchers. A slow reader skips views and costs no memory. A stream ends with its
 * token.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Sse from "../protocol/Sse.ts"
import { AccessEnds } from "../api/Authorization.ts"
import type { LiveEnd, LiveView } from "../api/LiveView.ts"
import { Rollout } from "../decision/Rollout.ts"
import { mostOrgs } from "../domain/Headline.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { RolloutSettings } from "../domain/RolloutSettings.ts"
import { Modes } from "../execution/Modes.ts"
import * as DecisionCounts from "../monitoring/evidence/DecisionCounts.ts"
import type { Metrics, Status } from "../monitoring/HealthReport.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { Notifications } from "../notify/Notifications.ts"
import { RecentTurns } from "../monitoring/RecentTurns.ts"
import { Series } from "../monitoring/Series.ts"
import { Replica } from "../platform/Replica.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Shutdown } from "../runs/Shutdown.ts"
import { respond } from "./ErrorMapping.ts"

/** People on call and their screens; each holds a connection. */
const mostWatchers = 20

const tooMany = respond({
  code: "SSE_CONNECTION_LIMIT",
  message: `${mostWatchers} are watching already.`,
  retryAfter: 5,
})

const stopped: typeof LiveEnd.Type = { code: "SHUTTING_DOWN", message: "This server is being stopped." }
const expired: typeof LiveEnd.Type = {
  code: "AUTH_TOKEN_EXPIRED",
  message: "The token that opened this stream has expired, or its API key is no longer valid.",
}
const lastFrame = (end: typeof LiveEnd.Type) => Buffer.from(Sse.frame("end", "error", JSON.stringify(end)))

/** The settings that the first line of a screen needs. */
const shownRollout = (settings: RolloutSettings): LiveView["rollout"] => ({
  percentage: settings.percentage,
  shadowPercentage: settings.shadowPercentage,
  defaultMode: settings.defaultMode satisfies ExecutionMode,
  enabledOrgs: settings.enabledOrgs.length,
  deniedOrgs: settings.deniedOrgs.length,
  rules: settings.rules.filter(({ enabled }) => enabled !== false).length,
})

/** The status as the view has it: the breaker's fields in one object, and a bounded list of organisations. */
const shownBreakers = (status: Status) => {
  const { directConfigured, directFailing, firstProgressLimitMs: _, orgs, transitions, ...rest } = status
  const { providers, refusals, ...breaker } = rest
  return {
    directFailing,
    directConfigured,
    breaker,
    // An operator looks for the overrides first; `fallback/status` lists all.
    orgs: orgs.toSorted((a, b) => Number(b.forced !== null) - Number(a.forced !== null)).slice(0, mostOrgs),
    transitions,
    providers,
    refusals,
  }
}

const makeView = Effect.gen(function* () {
  const modeTargets = yield* Modes
  const live = yield* LiveRuns
  const monitor = yield* Monitor
  const notifications = yield* Notifications
  const recent = yield* RecentTurns
  const replica = yield* Replica
  const rollout = yield* Rollout
  const series = yield* Series
  const clock = yield* Clock.clockWith(Effect.succeed)
  const startedAt = monotonicMillis(clock)

  const modesOf = ({ direct, runtime, windowMs }: Metrics): LiveView["modes"] => {
    const at = clock.currentTimeMillisUnsafe()
    const seconds = Math.max(1000, Math.min(windowMs, monotonicMillis(clock) - startedAt)) / 1000
    const of = (mode: ExecutionMode, summary: Metrics["direct"]) => ({
      ...summary,
      perSecond: summary.total / seconds,
      ...recent.activity(mode, at, DecisionCounts.windowMs),
    })
    return {
      runtime_orchestrator: of("runtime_orchestrator", runtime),
      direct_llm: of("direct_llm", direct),
    }
  }

  const view = Effect.gen(function* () {
    const metrics = yield* monitor.metrics
    const { settings } = yield* rollout.current
    const { decisions, fallbacks } = yield* recent.lists
    const at = clock.currentTimeMillisUnsafe()
    const view: LiveView = {
      at,
      replica: replica.id,
      fleet: yield* monitor.fleet,
      windowMs: metrics.windowMs,
      modes: modesOf(metrics),
      fallbackEnabled: metrics.fallbackEnabled,
      fallbackReason: metrics.fallbackReason,
      runtimeConfigured: modeTargets.targets("runtime_orchestrator").length > 0,
      thresholds: yield* monitor.thresholds,
      evidence: yield* monitor.evidence,
      ...shownBreakers(yield* monitor.status),
      rollout: shownRollout(settings),
      runs: { inFlight: live.count(), oldestMs: Math.round(yield* live.oldestMs) },
      decisions,
      fallbacks,
      decisionCounts: { windowMs: DecisionCounts.windowMs, counts: recent.decisionCounts(at) },
      point: (yield* series.newest) ?? null,
      notifications: yield* notifications.recent,
    }
    return Buffer.from(Sse.frame(String(view.at), "snapshot", JSON.stringify(view)))
  })
  return { view }
})

export const make = Effect.gen(function* () {
  const { view } = yield* makeView
  const { closing } = yield* Shutdown
  const eachSecond = yield* Stream.fromEffectSchedule(view, Schedule.spaced("1 second")).pipe(
    // A later watcher starts with the last view.
    Stream.share({ capacity: 1, strategy: "sliding", replay: 1 }),
  )
  let watchers = 0
  const watching = Effect.acquireRelease(
    Effect.sync(() => {
      watchers += 1
    }),
    () =>
      Effect.sync(() => {
        watchers -= 1
      }),
  )
  const framesUntil = (until: () => number) => {
    const isOver = Effect.map(Clock.currentTimeMillis, (now) => now >= until())
    return Stream.unwrap(
      Effect.as(
        watching,
        Stream.make(Buffer.from(Sse.comment)).pipe(
          Stream.concat(Stream.takeWhileEffect(eachSecond, () => Effect.map(isOver, (over) => !over))),
          Stream.interruptWhen(closing),
          Stream.concat(Stream.fromEffect(Effect.map(isOver, (over) => lastFrame(over ? expired : stopped)))),
        ),
      ),
    )
  }

  const opened = Effect.map(AccessEnds, (until) =>
    HttpServerResponse.stream(framesUntil(until), {
      contentType: Sse.contentType,
      headers: { "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" },
    }),
  )
  const response = Effect.suspend(() => (watchers >= mostWatchers ? tooMany : opened))
  return { response }
})

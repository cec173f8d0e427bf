/**
 * `GET /api/v1/runtime/live`: how the service does, now and each second, as SSE. One view a second for all who watch, and
 * none while nobody does; whoever reads slowly misses some and holds nothing.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Frame from "../agent2ui/Frame.ts"
import type { LiveEnd, LiveView } from "../api/LiveView.ts"
import { Rollout } from "../decision/Rollout.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { monotonicMillis } from "../domain/Monotonic.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { Recent } from "../monitoring/Recent.ts"
import { Replica } from "../persistence/Replica.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import { Stopping } from "../runs/Stopping.ts"
import { respond } from "./ErrorMapping.ts"

/** People on call and their screens; each holds a connection. */
const mostWatchers = 20

/** A screen shows fewer. `fallback/status` has all of them. */
const mostOrgs = 100

const tooMany = respond({
  code: "SSE_CONNECTION_LIMIT",
  message: `${mostWatchers} are watching already.`,
  retryAfter: 5,
})

const lastWord: typeof LiveEnd.Type = { code: "SHUTTING_DOWN", message: "This server is being stopped." }

const makeView = Effect.gen(function* () {
  const live = yield* LiveRuns
  const monitor = yield* Monitor
  const recent = yield* Recent
  const replica = yield* Replica
  const rollout = yield* Rollout
  const clock = yield* Clock.clockWith(Effect.succeed)
  const startedAt = monotonicMillis(clock)

  const view = Effect.gen(function* () {
    const { direct, runtime, ...metrics } = yield* monitor.metrics
    const status = yield* monitor.status
    const { directFailing, firstProgressLimitMs: _, orgs, transitions, ...rest } = status
    const { providers, refusals, ...breaker } = rest
    const { settings } = yield* rollout.current
    const seconds = Math.max(1000, Math.min(metrics.windowMs, monotonicMillis(clock) - startedAt)) / 1000
    const modes: LiveView["modes"] = {
      runtime_orchestrator: { ...runtime, perSecond: runtime.total / seconds },
      direct_llm: { ...direct, perSecond: direct.total / seconds },
    }
    const view: LiveView = {
      at: clock.currentTimeMillisUnsafe(),
      replica: replica.id,
      ...metrics,
      modes,
      directFailing,
      breaker,
      orgs: orgs.slice(0, mostOrgs),
      rollout: {
        percentage: settings.percentage,
        shadowPercentage: settings.shadowPercentage,
        defaultMode: settings.defaultMode satisfies ExecutionMode,
      },
      runs: { inFlight: live.count(), oldestMs: Math.round(yield* live.oldestMs) },
      decisions: recent.decisions.all,
      fallbacks: recent.fallbacks.all,
      transitions,
      providers,
      refusals,
    }
    return Frame.encode([Frame.frame(String(view.at), "snapshot", JSON.stringify(view))])
  })
  return { view }
})

export const make = Effect.gen(function* () {
  const { view } = yield* makeView
  const { closing } = yield* Stopping
  const eachSecond = yield* Stream.fromEffectSchedule(view, Schedule.spaced("1 second")).pipe(
    // Who comes later begins with the last one.
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
  const frames = Stream.unwrap(
    Effect.as(
      watching,
      Stream.make(Frame.encode([Frame.comment])).pipe(
        Stream.concat(eachSecond),
        Stream.interruptWhen(closing),
        Stream.concat(
          Stream.sync(() => Frame.encode([Frame.frame("end", "error", JSON.stringify(lastWord))])),
        ),
      ),
    ),
  )

  const response = Effect.sync(() =>
    watchers >= mostWatchers
      ? tooMany
      : HttpServerResponse.stream(frames, {
          contentType: "text/event-stream; charset=utf-8",
          headers: { "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" },
        }),
  )
  return { response }
})

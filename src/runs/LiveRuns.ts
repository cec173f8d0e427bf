/**
 * The live runs of this process. A run's fiber belongs to the service, not to the caller that started it: readers attach and
 * detach. A run is cancelled on request, or when it has had no reader for the grace time.
 *
 * Invariant: a session has at most one live run; a run is removed only after its log has ended.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { CurrentLogAnnotations } from "effect/References"
import { RunId, SessionId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { catalogue } from "../telemetry/Metrics.ts"
import * as IdleTimers from "../platform/IdleTimers.ts"
import type { RunLog } from "./RunLog.ts"

export class SessionBusy extends Schema.TaggedError<SessionBusy>()("SessionBusy", { sessionId: SessionId }) {}

interface LiveRun extends IdleTimers.Due<LiveRun> {
  readonly log: RunLog
  readonly startedAt: number
  fiber: Fiber.Fiber<unknown> | undefined
  readers: number
}

/** Emptied when the run ends: V8 may retain old tables of the map, and they must not retain ended runs (see `IntrusiveList`). */
interface Slot {
  live: LiveRun | undefined
}

export class LiveRuns extends Context.Service<
  LiveRuns,
  {
    /** Reserves the session for the duration of `use` and of the run that `use` may start. */
    readonly claim: <A, E, R>(
      sessionId: SessionId,
      use: Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, E | SessionBusy, R>
    /** Starts the run within a `claim`. `program` must end the log in every case. */
    readonly start: (sessionId: SessionId, log: RunLog, program: Effect.Effect<void>) => Effect.Effect<void>
    readonly get: (id: RunId) => RunLog | undefined
    /** True if the run is live here and has a reader. */
    readonly isRead: (id: RunId) => Effect.Effect<boolean>
    /** Waits until no turn has the session. Gives false when none had it. */
    readonly freed: (sessionId: SessionId) => Effect.Effect<boolean>
    /** The number of live runs. */
    readonly count: () => number
    /** Age of the oldest live run in milliseconds; 0 when there is none. */
    readonly oldestMs: Effect.Effect<number>
    /** Counts a reader of the run until the scope closes. */
    readonly attach: (log: RunLog) => Effect.Effect<void, never, Scope.Scope>
    /** Cancels the run and waits until its log has ended. Gives true when this call ended the run. */
    readonly cancel: (id: RunId) => Effect.Effect<boolean>
    /** Cancels every live run. */
    readonly cancelAll: Effect.Effect<void>
  }
>()("crossfade/runs/LiveRuns") {
  static readonly layer = (settings: { readonly detachGrace: Duration.Input }): Layer.Layer<LiveRuns> =>
    Layer.effect(LiveRuns, make(settings.detachGrace))
}

const make = Effect.fnUntraced(function* (detachGrace: Duration.Input) {
  const scope = yield* Effect.scope
  const services = yield* Effect.context<never>()
  const runs = new Map<RunId, Slot>()
  const sessions = new Map<SessionId, "claimed" | "running">()
  const waiting = new Map<SessionId, Deferred.Deferred<void>>()
  const clock = yield* Clock.clockWith(Effect.succeed)

  yield* catalogue.inFlight.observe({}, () => runs.size)
  const oldestMs = () => {
    const [oldest] = runs.values()
    return oldest?.live === undefined ? 0 : monotonicMillis(clock) - oldest.live.startedAt
  }
  yield* catalogue.oldestRun.observe({}, oldestMs)

  const free = (sessionId: SessionId) => {
    sessions.delete(sessionId)
    const waiter = waiting.get(sessionId)
    waiting.delete(sessionId)
    if (waiter !== undefined) Deferred.doneUnsafe(waiter, Effect.void)
  }

  const freed = (sessionId: SessionId) =>
    Effect.suspend(() => {
      if (!sessions.has(sessionId)) return Effect.succeed(false)
      const waiter = waiting.get(sessionId) ?? Deferred.makeUnsafe<void>()
      waiting.set(sessionId, waiter)
      return Effect.as(Deferred.await(waiter), true)
    })

  // A mask instead of `acquireUseRelease`: the claim is one synchronous step.
  const claim = <A, E, R>(sessionId: SessionId, use: Effect.Effect<A, E, R>) =>
    Effect.uninterruptibleMask((restore): Effect.Effect<A, E | SessionBusy, R> => {
      if (sessions.has(sessionId)) return Effect.fail(new SessionBusy({ sessionId }))
      sessions.set(sessionId, "claimed")
      const release = Effect.sync(() => {
        if (sessions.get(sessionId) === "claimed") free(sessionId)
      })
      return Effect.ensuring(restore(use), release)
    })

  const cancelRun = (live: LiveRun) =>
    Effect.suspend(() => (live.fiber === undefined ? Effect.void : Fiber.interrupt(live.fiber)))

  /** Runs without a reader. */
  const unread = yield* IdleTimers.make(Duration.toMillis(detachGrace), (live: LiveRun) =>
    Effect.forkIn(cancelRun(live), scope),
  )

  /** Without the request: a run would hold it, and its nested contexts would copy all services. */
  const ofServices = (request: Context.Context<never>): Context.Context<never> =>
    Context.add(services, CurrentLogAnnotations, Context.get(request, CurrentLogAnnotations))

  const start: LiveRuns["Service"]["start"] = Effect.fnUntraced(function* (sessionId, log, program) {
    const startedAt = monotonicMillis(clock)
    const live: LiveRun = { ...IdleTimers.untouched, log, startedAt, fiber: undefined, readers: 0 }
    const slot: Slot = { live }
    runs.set(log.runId, slot)
    sessions.set(sessionId, "running")
    unread.touch(live)
    const remove = Effect.sync(() => {
      unread.remove(live)
      runs.delete(log.runId)
      slot.live = undefined
      free(sessionId)
    })
    // Starts immediately: a fiber that is interrupted before it runs would never end its log.
    const running = Effect.interruptible(Effect.ensuring(program, remove))
    const forked = Effect.forkIn(running, scope, { startImmediately: true })
    live.fiber = yield* Effect.updateContext(forked, ofServices)
  }, Effect.uninterruptible)

  // Uninterruptible instead of `acquireRelease`, which would copy all services of the process for the release.
  const attach: LiveRuns["Service"]["attach"] = (log) =>
    Effect.uninterruptible(
      Effect.flatMap(Effect.scope, (scope) => {
        const live = runs.get(log.runId)?.live
        if (live === undefined) return Effect.void
        live.readers += 1
        unread.remove(live)
        const release = Effect.sync(() => {
          live.readers -= 1
          if (live.readers === 0 && !log.ended) unread.touch(live)
        })
        return Scope.addFinalizer(scope, release)
      }),
    )

  const cancel: LiveRuns["Service"]["cancel"] = (id) =>
    Effect.suspend(() => {
      const live = runs.get(id)?.live
      if (live === undefined || live.log.ended) return Effect.succeed(false)
      // The answer may have completed before the interruption took effect.
      return Effect.map(
        cancelRun(live),
        () => live.log.read(live.log.lastSeq - 1)[0]?.event.event === "error",
      )
    })

  const cancelAll = Effect.suspend(() => {
    const all = [...runs.values()].flatMap(({ live }) => live ?? [])
    return Effect.forEach(all, cancelRun, { concurrency: "unbounded", discard: true })
  })

  return LiveRuns.of({
    cancelAll,
    freed,
    claim,
    start,
    attach,
    cancel,
    get: (id) => runs.get(id)?.live?.log,
    isRead: (id) => Effect.sync(() => (runs.get(id)?.live?.readers ?? 0) > 0),
    count: () => runs.size,
    oldestMs: Effect.sync(oldestMs),
  })
})

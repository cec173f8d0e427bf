/**
 * The runs that are going on in this process. A run's fiber belongs to the server, not to the request that began it:
 * readers come and go, and only when nobody has read for the grace time, or somebody says so, is it cancelled.
 *
 * Invariant: a session has at most one live run; a run leaves this map only after its log has ended.
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

/** Emptied as the run leaves: a table that `runs` has outgrown must not hold what has ended (`IntrusiveList` says why). */
interface Place {
  live: LiveRun | undefined
}

export class LiveRuns extends Context.Service<
  LiveRuns,
  {
    /** Takes the session for as long as `use` and the run it may start last. */
    readonly claim: <A, E, R>(
      sessionId: SessionId,
      use: Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, E | SessionBusy, R>
    /** Starts the run within a `claim`. `program` must end the log however it ends. */
    readonly start: (sessionId: SessionId, log: RunLog, program: Effect.Effect<void>) => Effect.Effect<void>
    readonly get: (id: RunId) => RunLog | undefined
    /** Succeeds when no turn has the session; says whether one had it. */
    readonly freed: (sessionId: SessionId) => Effect.Effect<boolean>
    /** How many runs are going on. */
    readonly count: () => number
    /** For how long the oldest of them has gone on, in milliseconds; 0 when there is none. */
    readonly oldestMs: Effect.Effect<number>
    /** Reads count: while the scope is open, the run is not taken for one that nobody reads. */
    readonly attach: (log: RunLog) => Effect.Effect<void, never, Scope.Scope>
    /** Interrupts the run and waits until its log has ended. False when it was not running. */
    readonly cancel: (id: RunId) => Effect.Effect<boolean>
    /** The same for every run there is. */
    readonly cancelAll: Effect.Effect<void>
  }
>()("crossfade/runs/LiveRuns") {
  static readonly layer = (settings: { readonly detachGrace: Duration.Input }): Layer.Layer<LiveRuns> =>
    Layer.effect(LiveRuns, make(settings.detachGrace))
}

const make = Effect.fnUntraced(function* (detachGrace: Duration.Input) {
  const scope = yield* Effect.scope
  const runs = new Map<RunId, Place>()
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

  const claim = <A, E, R>(sessionId: SessionId, use: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (sessions.has(sessionId)) return Effect.fail(new SessionBusy({ sessionId }))
        sessions.set(sessionId, "claimed")
        return Effect.void
      }),
      () => use,
      () =>
        Effect.sync(() => {
          if (sessions.get(sessionId) === "claimed") free(sessionId)
        }),
    )

  const cancelRun = (live: LiveRun) =>
    Effect.suspend(() => (live.fiber === undefined ? Effect.void : Fiber.interrupt(live.fiber)))

  /** Runs that nobody reads. */
  const unread = yield* IdleTimers.make(Duration.toMillis(detachGrace), (live: LiveRun) =>
    Effect.forkIn(cancelRun(live), scope),
  )

  const start: LiveRuns["Service"]["start"] = Effect.fnUntraced(function* (sessionId, log, program) {
    const startedAt = monotonicMillis(clock)
    const live: LiveRun = { ...IdleTimers.untouched, log, startedAt, fiber: undefined, readers: 0 }
    const place: Place = { live }
    runs.set(log.runId, place)
    sessions.set(sessionId, "running")
    unread.touch(live)
    const leave = Effect.sync(() => {
      unread.forget(live)
      runs.delete(log.runId)
      place.live = undefined
      free(sessionId)
    })
    // Started at once: a fiber that is interrupted before it runs would never end its log.
    const running = Effect.interruptible(Effect.ensuring(program, leave))
    live.fiber = yield* Effect.forkIn(running, scope, { startImmediately: true })
  }, Effect.uninterruptible)

  const attach: LiveRuns["Service"]["attach"] = (log) =>
    Effect.flatMap(Effect.scope, (scope) => {
      const live = runs.get(log.runId)?.live
      if (live === undefined) return Effect.void
      let entered = false
      const enter = Effect.sync(() => {
        entered = true
        live.readers += 1
        unread.forget(live)
      })
      const leave = Effect.sync(() => {
        if (!entered) return
        live.readers -= 1
        if (live.readers === 0 && !log.ended) unread.touch(live)
      })
      // Before it is counted: an interruption may come between any two steps.
      return Effect.andThen(Scope.addFinalizer(scope, leave), enter)
    })

  const cancel: LiveRuns["Service"]["cancel"] = (id) =>
    Effect.suspend(() => {
      const live = runs.get(id)?.live
      if (live === undefined || live.log.ended) return Effect.succeed(false)
      // The answer may have come to its end while it was being interrupted.
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
    count: () => runs.size,
    oldestMs: Effect.sync(oldestMs),
  })
})

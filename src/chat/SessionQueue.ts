/**
 * The policy for a message to a busy session (`CHAT_ON_BUSY`): refuse it, queue it, or cancel the current answer. A queue
 * is in the order of arrival, for each process.
 *
 * Invariant: the time limit ends only the wait, never a turn that has started.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import * as Semaphore from "effect/Semaphore"
import type { SessionId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Principal } from "../domain/Principal.ts"
import { Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import { LiveRuns, SessionBusy } from "../runs/LiveRuns.ts"
import type { Begun, OnceRefused } from "./Idempotency.ts"
import { RunReader } from "./RunReader.ts"

type OnBusy = "reject" | "queue" | "interrupt"

export class SessionQueue extends Context.Service<
  SessionQueue,
  {
    /** True when a message to a busy session waits or interrupts instead of being refused immediately. */
    readonly mayWait: boolean
    /** May run `attempt` several times, so `attempt` must change nothing before it fails with `SessionBusy`. */
    readonly turn: (
      principal: Principal,
      sessionId: SessionId,
      attempt: Effect.Effect<Begun, OnceRefused>,
    ) => Effect.Effect<Begun, OnceRefused>
  }
>()("crossfade/chat/SessionQueue") {
  static readonly layer = (onBusy: OnBusy): Layer.Layer<SessionQueue, never, LiveRuns | RunReader | Runs> =>
    Layer.effect(SessionQueue, make(onBusy))
}

/** The messages behind the first one in a queue. More is not a conversation, and each one holds a connection. */
const mostWaiting = 10
/** Clients give up earlier. */
const patienceMs = 60_000
/** The longest delay until the end of another replica's run is noticed. */
const checkEvery = "500 millis"
/** The pause while a turn has the session and is not stored yet: it cannot be cancelled. */
const notStoredPause = "50 millis"

/** The queue of one user's messages to one session; the first one holds `turn`. */
interface Line {
  readonly turn: Semaphore.Semaphore
  length: number
}

const make = Effect.fnUntraced(function* (onBusy: OnBusy) {
  const live = yield* LiveRuns
  const reader = yield* RunReader
  const runs = yield* Runs
  const clock = yield* Clock.clockWith(Effect.succeed)
  const lines = yield* RcMap.make({
    lookup: (_key: string) => Effect.map(Semaphore.make(1), (turn): Line => ({ turn, length: 0 })),
  })

  const cancelled = Effect.fnUntraced(function* (principal: Principal, busy: SessionBusy) {
    const running = yield* runs.runningOf(busy.sessionId)
    if (running === undefined) return yield* Effect.sleep(notStoredPause)
    // A run of a replica that does not answer cannot be cancelled: the session stays busy.
    yield* Effect.catchTags(reader.cancel(principal, running), {
      RunElsewhere: () => Effect.fail(busy),
      RunNotFound: () => Effect.fail(busy),
    })
  })

  /** Waits until no replica runs the session, because only then is its history complete. */
  const freed = (sessionId: SessionId): Effect.Effect<void, StoreError> =>
    Effect.gen(function* () {
      if (yield* live.freed(sessionId)) return
      yield* Effect.sleep(checkEvery)
      if ((yield* runs.runningOf(sessionId)) !== undefined) return yield* freed(sessionId)
    })

  const makeRoom = (principal: Principal, busy: SessionBusy, left: number) => {
    if (onBusy === "interrupt") return cancelled(principal, busy)
    return Effect.timeoutOrElse(freed(busy.sessionId), { duration: left, orElse: () => Effect.fail(busy) })
  }

  /** Joins the queue until the scope closes. */
  const join = Effect.fnUntraced(function* (key: string, sessionId: SessionId) {
    const line = yield* RcMap.get(lines, key)
    yield* Effect.acquireRelease(
      Effect.suspend(() => {
        if (line.length > mostWaiting) return Effect.fail(new SessionBusy({ sessionId }))
        line.length += 1
        return Effect.void
      }),
      () =>
        Effect.sync(() => {
          line.length -= 1
        }),
    )
    return line
  })

  /** Runs `use` when it is first in line. Fails after `patienceMs` if `use` has not started. */
  const inTurn = <A, E>(line: Line, use: Effect.Effect<A, E>, busy: SessionBusy) =>
    Effect.suspend(() => {
      let started = false
      const first = Effect.suspend(() => {
        started = true
        return use
      })
      const limit = Effect.andThen(
        Effect.sleep(patienceMs),
        Effect.suspend(() => (started ? Effect.never : Effect.fail(busy))),
      )
      return Effect.raceFirst(line.turn.withPermit(first), limit)
    })

  const turn: SessionQueue["Service"]["turn"] = (principal, sessionId, attempt) => {
    if (onBusy === "reject") return attempt
    // A queue per user: a user must not wait behind messages that another user sent to a session that is not theirs.
    const key = JSON.stringify([principal.orgId, principal.userId, sessionId])
    return Effect.suspend(() => {
      const until = monotonicMillis(clock) + patienceMs
      const left = () => until - monotonicMillis(clock)
      const tried: Effect.Effect<Begun, OnceRefused> = Effect.catchTag(attempt, "SessionBusy", (busy) =>
        left() > 0 ? Effect.andThen(makeRoom(principal, busy, left()), tried) : Effect.fail(busy),
      )
      return Effect.scoped(
        Effect.flatMap(join(key, sessionId), (line) => inTurn(line, tried, new SessionBusy({ sessionId }))),
      )
    })
  }

  return SessionQueue.of({ mayWait: onBusy !== "reject", turn })
})

/**
 * A message to a session whose last answer is still being written (`CHAT_ON_BUSY`): it is refused, it waits for its turn, or
 * it cancels the answer and takes its place. Those who wait in this process are let in as they came.
 *
 * Invariant: only waiting is bounded and interrupted; a turn that was taken is never given up for it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SessionId } from "../domain/Ids.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Principal } from "../domain/Principal.ts"
import { Runs } from "../store/Runs.ts"
import type { StoreError } from "../store/StoreError.ts"
import { LiveRuns, SessionBusy } from "../runs/LiveRuns.ts"
import type { Begun, OnceRefused } from "./Idempotency.ts"
import { RunReader } from "./RunReader.ts"

export type OnBusy = "reject" | "queue" | "interrupt"

export class SessionQueue extends Context.Service<
  SessionQueue,
  {
    /** A message to a busy session waits or interrupts, and is not refused at once. */
    readonly mayWait: boolean
    /** `attempt` fails with `SessionBusy` before it has done anything; it may be made several times. */
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

/** Behind the one whose turn it is. More is no conversation, and each holds a connection. */
const mostWaiting = 10
/** Beyond it a client has long given up. */
const patienceMs = 60_000
/** How soon the end of a run is seen that another replica executes. */
const look = "500 millis"
/** A turn that has the session and is not kept yet cannot be cancelled. */
const soon = "50 millis"

/** The messages that wait for each session, first come first. */
class Lines {
  readonly #lines = new Map<string, Array<Deferred.Deferred<void>>>()

  /** Gives the place, open when it is the first; undefined when the line is full. */
  join(of: string): Deferred.Deferred<void> | undefined {
    const line = this.#lines.get(of) ?? []
    if (line.length > mostWaiting) return undefined
    const place = Deferred.makeUnsafe<void>()
    line.push(place)
    this.#lines.set(of, line)
    this.#open(line)
    return place
  }

  leave(of: string, place: Deferred.Deferred<void>): void {
    const line = (this.#lines.get(of) ?? []).filter((other) => other !== place)
    if (line.length === 0) this.#lines.delete(of)
    else this.#lines.set(of, line)
    this.#open(line)
  }

  #open(line: ReadonlyArray<Deferred.Deferred<void>>): void {
    if (line[0] !== undefined) Deferred.doneUnsafe(line[0], Effect.void)
  }
}

const make = Effect.fnUntraced(function* (onBusy: OnBusy) {
  const live = yield* LiveRuns
  const reader = yield* RunReader
  const runs = yield* Runs
  const clock = yield* Clock.clockWith(Effect.succeed)
  const lines = new Lines()

  const within = <E>(wait: Effect.Effect<void, E>, duration: Duration.Input, busy: SessionBusy) =>
    Effect.timeoutOrElse(wait, { duration, orElse: () => Effect.fail(busy) })

  const cancelled = Effect.fnUntraced(function* (principal: Principal, busy: SessionBusy) {
    const running = yield* runs.runningOf(busy.sessionId)
    if (running === undefined) return yield* Effect.sleep(soon)
    // A run of a replica that does not answer cannot be cancelled: the session stays busy.
    yield* Effect.catchTags(reader.cancel(principal, running), {
      RunElsewhere: () => Effect.fail(busy),
      RunNotFound: () => Effect.fail(busy),
    })
  })

  /** Looks at the store for the end of another replica's run: only then is the history whole. */
  const freed = (sessionId: SessionId): Effect.Effect<void, StoreError> =>
    Effect.gen(function* () {
      if (yield* live.freed(sessionId)) return
      yield* Effect.sleep(look)
      if ((yield* runs.runningOf(sessionId)) !== undefined) return yield* freed(sessionId)
    })

  const makeRoom = (principal: Principal, busy: SessionBusy, left: number) => {
    if (onBusy === "interrupt") return cancelled(principal, busy)
    return within(freed(busy.sessionId), left, busy)
  }

  const inLine = <A, E, R>(
    of: string,
    sessionId: SessionId,
    use: (place: Deferred.Deferred<void>) => Effect.Effect<A, E, R>,
  ) =>
    Effect.acquireUseRelease(
      Effect.suspend(() => {
        const place = lines.join(of)
        return place === undefined ? Effect.fail(new SessionBusy({ sessionId })) : Effect.succeed(place)
      }),
      use,
      (place) => Effect.sync(() => lines.leave(of, place)),
    )

  const turn: SessionQueue["Service"]["turn"] = (principal, sessionId, attempt) => {
    if (onBusy === "reject") return attempt
    // A user never waits behind another one for a session that is not his own.
    const of = JSON.stringify([principal.orgId, principal.userId, sessionId])
    return inLine(of, sessionId, (place) => {
      const until = monotonicMillis(clock) + patienceMs
      const left = () => until - monotonicMillis(clock)
      const tried: Effect.Effect<Begun, OnceRefused> = Effect.catchTag(attempt, "SessionBusy", (busy) =>
        left() > 0 ? Effect.andThen(makeRoom(principal, busy, left()), tried) : Effect.fail(busy),
      )
      return Effect.andThen(within(Deferred.await(place), left(), new SessionBusy({ sessionId })), tried)
    })
  }

  return SessionQueue.of({ mayWait: onBusy !== "reject", turn })
})

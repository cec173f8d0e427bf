/**
 * Things for which something is due once nothing has happened to them for a while, the same while for all: readers that get
 * a heartbeat, runs that nobody reads. One fiber and one timer for however many there are.
 *
 * As the while is the same for all, the order in which something happened to them is the order in which they become due.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as IntrusiveList from "./IntrusiveList.ts"
import { monotonicMillis } from "./Monotonic.ts"

/** What each of them has for this; it is in one `IdleTimers` at the most. */
export interface Due<A> extends IntrusiveList.Links<A> {
  /** When something last happened to it, monotonic milliseconds. */
  touchedAt: number
}

export const untouched = { older: undefined, newer: undefined, touchedAt: 0 } as const

export interface IdleTimers<A> {
  /** Something has happened to it: it is due so long from now. */
  readonly touch: (one: A) => void
  readonly forget: (one: A) => void
  /** The ones that are watched, the first that is due first. */
  readonly all: () => Iterable<A>
}

/** `onDue` is told once of each that is due, which is forgotten with it; it may touch it again. */
export const make = <A extends Due<A>>(
  afterMs: number,
  onDue: (one: A) => Effect.Effect<unknown>,
): Effect.Effect<IdleTimers<A>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const watched = IntrusiveList.empty<A>()
    const some = yield* Latch.make(false)

    const next: Effect.Effect<unknown> = Effect.suspend(() => {
      const { oldest } = watched
      if (oldest === undefined) {
        some.closeUnsafe()
        return some.await
      }
      const left = oldest.touchedAt + afterMs - monotonicMillis(clock)
      if (left > 0) return Effect.sleep(left)
      IntrusiveList.remove(watched, oldest)
      return onDue(oldest)
    })
    yield* Effect.forkScoped(Effect.forever(next))

    return {
      touch: (one) => {
        one.touchedAt = monotonicMillis(clock)
        IntrusiveList.append(watched, one)
        some.openUnsafe()
      },
      forget: (one) => IntrusiveList.remove(watched, one),
      all: () => IntrusiveList.each(watched),
    }
  })

/**
 * Idle timers with one common timeout: heartbeats of readers, cancels of unread runs. One fiber and one timer serve any
 * number of items.
 *
 * Because the timeout is the same for all items, the order of their last activity is the order in which they become due.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as IntrusiveList from "./IntrusiveList.ts"
import { monotonicMillis } from "./Monotonic.ts"

/** The fields of an item. An item is in at most one `IdleTimers`. */
export interface Due<A> extends IntrusiveList.Links<A> {
  /** Monotonic milliseconds of the last activity. */
  touchedAt: number
}

export const untouched = { older: undefined, newer: undefined, touchedAt: 0 } as const

export interface IdleTimers<A> {
  /** Restarts the timeout of the item, and adds the item if it is new. */
  readonly touch: (item: A) => void
  readonly remove: (item: A) => void
  /** The items in the order in which they become due. */
  readonly all: () => Iterable<A>
}

/** Removes each item that becomes due and runs `onDue` with it. `onDue` may touch the item again. A failure is logged. */
export const make = <A extends Due<A>>(
  afterMs: number,
  onDue: (item: A) => Effect.Effect<unknown>,
): Effect.Effect<IdleTimers<A>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const items = IntrusiveList.empty<A>()
    const notEmpty = yield* Latch.make(false)

    const next: Effect.Effect<unknown> = Effect.suspend(() => {
      const { oldest } = items
      if (oldest === undefined) {
        notEmpty.closeUnsafe()
        return notEmpty.await
      }
      const left = oldest.touchedAt + afterMs - monotonicMillis(clock)
      if (left > 0) return Effect.sleep(left)
      IntrusiveList.remove(items, oldest)
      return onDue(oldest)
    })
    const safely = Effect.catchCause(next, (cause) => Effect.logError("an idle timer failed", cause))
    yield* Effect.forkScoped(Effect.forever(safely))

    return {
      touch: (item) => {
        item.touchedAt = monotonicMillis(clock)
        IntrusiveList.append(items, item)
        notEmpty.openUnsafe()
      },
      remove: (item) => IntrusiveList.remove(items, item),
      all: () => IntrusiveList.each(items),
    }
  })

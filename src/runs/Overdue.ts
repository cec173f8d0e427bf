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
import { monotonicMillis } from "../domain/Monotonic.ts"

export interface Overdue<A> {
  /** Something has happened to it: it is due so long from now. */
  readonly touch: (one: A) => void
  readonly forget: (one: A) => void
}

/** `onDue` is told once of each that is due, which is forgotten with it; it may touch it again. */
export const make = <A>(
  afterMs: number,
  onDue: (one: A) => Effect.Effect<unknown>,
): Effect.Effect<Overdue<A>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    /** When something happened to each, oldest first. */
    const since = new Map<A, number>()
    const some = yield* Latch.make(false)

    const next: Effect.Effect<unknown> = Effect.suspend(() => {
      const [oldest] = since
      if (oldest === undefined) {
        some.closeUnsafe()
        return some.await
      }
      const [one, at] = oldest
      const left = at + afterMs - monotonicMillis(clock)
      if (left > 0) return Effect.sleep(left)
      since.delete(one)
      return onDue(one)
    })
    yield* Effect.forkScoped(Effect.forever(next))

    return {
      touch: (one) => {
        since.delete(one)
        since.set(one, monotonicMillis(clock))
        if (since.size === 1) some.openUnsafe()
      },
      forget: (one) => {
        since.delete(one)
      },
    }
  })

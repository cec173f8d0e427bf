/**
 * Timeouts of one length for many short waits. One fiber and one timer serve all of them, and neither exists while nothing
 * waits.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { Scheduler } from "effect/Scheduler"
import * as IntrusiveList from "./IntrusiveList.ts"
import { monotonicMillis } from "./Monotonic.ts"

/** A wait is in at most one `Timeouts`. */
export interface Wait extends IntrusiveList.Links<Wait> {
  dueAt: number
  readonly onDue: () => void
}

export const wait = (onDue: () => void): Wait => ({ older: undefined, newer: undefined, dueAt: 0, onDue })

export interface Timeouts {
  readonly begin: (wait: Wait) => void
  /** Has no effect on a wait that has ended. */
  readonly end: (wait: Wait) => void
}

/** `onDue` is called once for a wait that is not ended within `afterMs`. Time passes by the clock of the context. */
export const make = (context: Context.Context<never>, afterMs: number): Timeouts => {
  const clock = Context.get(context, Clock.Clock)
  // All waits have the same length, so the oldest is due first.
  const waits = IntrusiveList.empty<Wait>()
  let timer: Fiber.Fiber<void> | undefined

  const next: Effect.Effect<void> = Effect.suspend(() => {
    const now = monotonicMillis(clock)
    for (let { oldest } = waits; oldest !== undefined; { oldest } = waits) {
      if (oldest.dueAt > now) return Effect.flatMap(Effect.sleep(oldest.dueAt - now), () => next)
      IntrusiveList.remove(waits, oldest)
      oldest.onDue()
    }
    timer = undefined
    return Effect.void
  })
  // The rest of the context may hold a request.
  const run = Effect.runForkWith(Context.pick(Clock.Clock, Scheduler)(context))
  return {
    begin: (one) => {
      one.dueAt = monotonicMillis(clock) + afterMs
      IntrusiveList.append(waits, one)
      timer ??= run(next)
    },
    end: (one) => {
      IntrusiveList.remove(waits, one)
      if (waits.oldest !== undefined) return
      timer?.interruptUnsafe()
      timer = undefined
    },
  }
}

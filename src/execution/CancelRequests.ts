/**
 * The cancel requests that are still under way, by the key under which an upstream cancels. Use it for an upstream that
 * knows no run ids: the next execution of a key must wait, or a late cancel ends the wrong one.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as StateLine from "../telemetry/StateLine.ts"

/** The state of a runtime's cancel requests in the log. */
export const cancelLine = () =>
  StateLine.make({
    failing: (reason) => `the runtime did not take a cancel: ${reason}. Further ones are only counted`,
    recovered: (failures) => `the runtime takes cancels again, after ${failures} that it did not take`,
  })

export class CancelRequests {
  readonly #scope: Scope.Scope
  readonly #pending = new Map<string, Fiber.Fiber<unknown>>()

  /** Requests outlive their turn and end with `scope`. */
  constructor(scope: Scope.Scope) {
    this.#scope = scope
  }

  /** Starts `request` in the background. It must have a time limit of its own. */
  start(key: string, request: Effect.Effect<unknown>): Effect.Effect<void> {
    const tracked = Effect.ensuring(
      request,
      Effect.sync(() => this.#pending.delete(key)),
    )
    return Effect.map(Effect.forkIn(tracked, this.#scope), (fiber) => {
      this.#pending.set(key, fiber)
    })
  }

  /** Waits until no request of `key` is under way. */
  wait(key: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const fiber = this.#pending.get(key)
      return fiber === undefined ? Effect.void : Effect.asVoid(Fiber.await(fiber))
    })
  }
}

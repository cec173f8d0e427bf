/**
 * Asks the upstream while the turn is stored, which takes some milliseconds on a slow disk. Readers see nothing of the answer
 * before, and a turn that could not be stored stops its upstream. The tokens of a stopped answer are lost.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Decision } from "../domain/Decision.ts"
import type { TurnKey } from "../domain/TurnKey.ts"

/**
 * A provider's answer has no side effects; the calls of a runtime may have. Another replica may have stored the turn of an
 * idempotency key, or run a turn of the session, and each refused turn would pay for an answer. A new session has no other turn.
 */
export const isAllowed = (
  { order }: Decision,
  { isNewSession, key }: { readonly isNewSession: boolean; readonly key: TurnKey | undefined },
): boolean => isNewSession && key === undefined && order.every((mode) => mode === "direct_llm")

/** `start` starts the run, which waits for `begun` before it shows or records anything. `stop` ends it. */
export const startAndStore = <E>(
  start: (begun: Deferred.Deferred<boolean>) => Effect.Effect<void>,
  store: Effect.Effect<void, E>,
  stop: Effect.Effect<unknown>,
): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    const begun = Deferred.makeUnsafe<boolean>()
    const stored = Effect.onExit(store, (exit) => {
      const isStored = Exit.isSuccess(exit)
      return Effect.andThen(Deferred.succeed(begun, isStored), isStored ? Effect.void : stop)
    })
    return Effect.andThen(start(begun), stored)
  })

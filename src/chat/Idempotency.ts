/**
 * A request that is sent again under its `Idempotency-Key` begins one turn and finds that turn from then on, live or ended,
 * here or on another replica. Duplicates that come at once wait for the first one; between replicas the store decides.
 *
 * A request that failed before its turn was kept leaves nothing, so that it may be sent again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { RunId } from "../domain/Ids.ts"
import type { TurnKey } from "../domain/TurnKey.ts"
import { StoreHealth } from "../store/StoreHealth.ts"
import { TurnKeys, type TurnKeyTaken } from "../store/TurnKeys.ts"
import type { Accepted, TurnRefused } from "./Chat.ts"

/** The key belongs to another request of the same caller. */
export class TurnKeyReused extends Schema.TaggedError<TurnKeyReused>()("TurnKeyReused", {}) {}

/** What the request began, or what an earlier one of the same key had begun. */
export type Begun =
  | ({ readonly _tag: "Began" } & Accepted)
  | { readonly _tag: "Replayed"; readonly runId: RunId }

export type OnceRefused = Exclude<TurnRefused, TurnKeyTaken> | TurnKeyReused

interface Lock {
  readonly semaphore: Semaphore.Semaphore
  users: number
}

export class Idempotency extends Context.Service<
  Idempotency,
  {
    readonly begin: (
      key: TurnKey | undefined,
      turn: Effect.Effect<Accepted, TurnRefused>,
    ) => Effect.Effect<Begun, OnceRefused>
  }
>()("crossfade/chat/Idempotency") {
  static readonly layer: Layer.Layer<Idempotency, never, StoreHealth | TurnKeys> = Layer.effect(
    Idempotency,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const keys = yield* TurnKeys
  const storeHealth = yield* StoreHealth
  const locks = new Map<string, Lock>()

  /** One at a time for each key; a key that nobody waits for is not in the map. */
  const locked = <A, E, R>(key: string, use: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const lock = locks.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
        lock.users += 1
        locks.set(key, lock)
        return lock
      }),
      (lock) => lock.semaphore.withPermits(1)(use),
      (lock) =>
        Effect.sync(() => {
          lock.users -= 1
          if (lock.users === 0) locks.delete(key)
        }),
    )

  const earlier = ({ key, request }: TurnKey) =>
    Effect.flatMap(
      storeHealth.whileUp(keys.find(key)),
      (found): Effect.Effect<Begun | undefined, TurnKeyReused> => {
        if (found === undefined) return Effect.undefined
        if (found.request !== request) return Effect.fail(new TurnKeyReused())
        return Effect.succeed({ _tag: "Replayed", runId: found.runId })
      },
    )

  const begin: Idempotency["Service"]["begin"] = (key, turn) => {
    const began = Effect.map(turn, (accepted): Begun => ({ _tag: "Began", ...accepted }))
    // Only a turn with a key can find it taken.
    if (key === undefined) return Effect.catchTag(began, "TurnKeyTaken", Effect.die)
    const or = <E>(other: Effect.Effect<Begun, E>) =>
      Effect.filterOrElse(
        earlier(key),
        (found) => found !== undefined,
        () => other,
      )
    const first = Effect.catchTags(began, {
      // Another replica was faster: what it began is kept by now, unless the session is busy with another turn.
      SessionBusy: (busy) => or(Effect.fail(busy)),
      TurnKeyTaken: (taken) => or(Effect.die(taken)),
    })
    return locked(key.key, or(first))
  }

  return Idempotency.of({ begin })
})

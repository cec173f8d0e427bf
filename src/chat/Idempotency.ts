/**
 * At most one turn per idempotency key. The first call with a key starts the turn; later calls find it, live or ended, here
 * or on another replica. Simultaneous duplicates wait for the first call; between replicas the store decides.
 *
 * A call that fails before its turn is stored leaves nothing, so the caller may repeat it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { RunId } from "../domain/Ids.ts"
import type { TurnKey } from "../domain/TurnKey.ts"
import { StoreHealth } from "../store/StoreHealth.ts"
import { TurnKeys, type TurnKeyTaken } from "../store/TurnKeys.ts"
import type { Accepted, TurnRefused } from "./Chat.ts"

/** The same caller used the key for another message. */
export class TurnKeyReused extends Schema.TaggedError<TurnKeyReused>()("TurnKeyReused", {}) {}

/** The turn of this call, or the earlier turn of the same key. */
export type Begun =
  | ({ readonly _tag: "Began" } & Accepted)
  | { readonly _tag: "Replayed"; readonly runId: RunId }

export type OnceRefused = Exclude<TurnRefused, TurnKeyTaken> | TurnKeyReused

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
  const locks = yield* RcMap.make({ lookup: (_key: string) => Semaphore.make(1) })

  /** Runs one call per key at a time. */
  const locked = <A, E>(key: string, use: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.scoped(Effect.flatMap(RcMap.get(locks, key), (lock) => lock.withPermit(use)))

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
    // Only a turn with a key can fail with TurnKeyTaken.
    if (key === undefined) return Effect.catchTag(began, "TurnKeyTaken", Effect.die)
    const earlierOr = <E>(other: Effect.Effect<Begun, E>) =>
      Effect.filterOrElse(
        earlier(key),
        (found) => found !== undefined,
        () => other,
      )
    const first = Effect.catchTags(began, {
      // Another replica was faster: its turn is stored by now, unless the session is busy with a different turn.
      SessionBusy: (busy) => earlierOr(Effect.fail(busy)),
      TurnKeyTaken: (taken) => earlierOr(Effect.die(taken)),
    })
    return locked(key.key, earlierOr(first))
  }

  return Idempotency.of({ begin })
})

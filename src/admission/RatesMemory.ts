/**
 * `Rates` of this process alone. It keeps the buckets of the last minute only: an older one is full again. They lie in
 * the order in which they were last used, so the old ones are found at the front.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { monotonicMillis } from "../domain/Monotonic.ts"
import { Rates } from "./Rates.ts"
import * as TokenBucket from "./TokenBucket.ts"

/** Each use brings at most one bucket and takes up to two away, so they cannot pile up. */
const forgottenAUse = 2

export class Buckets {
  readonly #buckets = new Map<string, TokenBucket.Bucket>()

  get size(): number {
    return this.#buckets.size
  }

  take(key: string, perMinute: number, now: number): TokenBucket.Taken {
    const { bucket, taken } = TokenBucket.take(this.#buckets.get(key), perMinute, now)
    // Out and in again: the last one used is the last one in the map.
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    this.#forget(now)
    return taken
  }

  #forget(now: number): void {
    let forgotten = 0
    for (const [key, bucket] of this.#buckets) {
      if (forgotten === forgottenAUse || !TokenBucket.isFull(bucket, now)) return
      this.#buckets.delete(key)
      forgotten += 1
    }
  }
}

export const make = Effect.gen(function* () {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const buckets = new Buckets()
  return Rates.of({
    take: (key, perMinute) => Effect.sync(() => buckets.take(key, perMinute, monotonicMillis(clock))),
  })
})

export const layerMemory: Layer.Layer<Rates> = Layer.effect(Rates, make)

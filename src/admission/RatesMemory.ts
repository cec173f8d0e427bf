/**
 * `Rates` of this process alone. It keeps the buckets of the last two minutes at the most: one that nobody has touched for
 * a minute is full again, and as good as none.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { Rates } from "./Rates.ts"
import * as TokenBucket from "./TokenBucket.ts"

export class Buckets {
  #current = new Map<string, TokenBucket.Bucket>()
  /** Those of the minute before that were not touched since. */
  #previous = new Map<string, TokenBucket.Bucket>()
  #since = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#current.size + this.#previous.size
  }

  take(key: string, perMinute: number, now: number): TokenBucket.Taken {
    this.#turnOver(now)
    const known = this.#current.get(key) ?? this.#previous.get(key)
    const { bucket, taken } = TokenBucket.take(known, perMinute, now)
    this.#previous.delete(key)
    this.#current.set(key, bucket)
    return taken
  }

  /** Whole maps at a time: to look for old ones in one map costs more the more were deleted from its front. */
  #turnOver(now: number): void {
    if (now - this.#since < TokenBucket.minuteMs) return
    this.#previous = this.#current
    this.#current = new Map()
    this.#since = now
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

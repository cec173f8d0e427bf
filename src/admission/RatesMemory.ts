/**
 * `Rates` of this process alone. It holds at most the buckets of the last two minutes: a bucket without use for a minute is
 * full again, so it can be dropped.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { Rates } from "./Rates.ts"
import * as TokenBucket from "./TokenBucket.ts"

export class Buckets {
  #current = new Map<string, TokenBucket.Bucket>()
  /** Buckets of the minute before, without use since. */
  #previous = new Map<string, TokenBucket.Bucket>()
  #since = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#current.size + this.#previous.size
  }

  take(key: string, perMinute: number, now: number): TokenBucket.Taken {
    this.#dropOld(now)
    const known = this.#current.get(key) ?? this.#previous.get(key)
    const { bucket, taken } = TokenBucket.take(known, perMinute, now)
    this.#previous.delete(key)
    this.#current.set(key, bucket)
    return taken
  }

  /** Drops whole maps: iteration over one map slows down with each entry deleted from its front. */
  #dropOld(now: number): void {
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

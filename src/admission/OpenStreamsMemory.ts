/** `OpenStreams` of this process alone: two counts a stream, and nothing of who has none. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { type Caps, keysOf, OpenStreams, type Owner, TooManyStreams } from "./OpenStreams.ts"

export class StreamCounts {
  readonly #counts = new Map<string, number>()

  get size(): number {
    return this.#counts.size
  }

  /** Counts one more, or says who has too many. */
  enter(owner: Owner, caps: Caps): TooManyStreams | undefined {
    const { org, user } = keysOf(owner)
    if (this.#of(user) >= caps.user) return new TooManyStreams({ of: "user" })
    if (this.#of(org) >= caps.org) return new TooManyStreams({ of: "org" })
    this.#counts.set(user, this.#of(user) + 1)
    this.#counts.set(org, this.#of(org) + 1)
    return undefined
  }

  leave(owner: Owner): void {
    for (const key of Object.values(keysOf(owner))) {
      const left = this.#of(key) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0
  }
}

export const layerMemory: Layer.Layer<OpenStreams> = Layer.sync(OpenStreams, () => {
  const counts = new StreamCounts()
  return OpenStreams.of({
    open: (owner, caps) =>
      Effect.flatMap(Effect.scope, (scope) => {
        let entered = false
        const leave = Effect.sync(() => {
          if (entered) counts.leave(owner)
        })
        const enter = Effect.suspend(() => {
          const tooMany = counts.enter(owner, caps)
          entered = tooMany === undefined
          return tooMany ?? Effect.void
        })
        // Before it is counted: an interruption may come between any two steps.
        return Effect.andThen(Scope.addFinalizer(scope, leave), enter)
      }),
  })
})

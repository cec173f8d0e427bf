/**
 * Answers of direct mode that were given before, by a key that says everything they depend on. A missing answer, for
 * whatever reason, is asked of the provider: no method fails, and no turn waits for a cache that is away.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export class AnswerCache extends Context.Service<
  AnswerCache,
  {
    readonly get: (key: string) => Effect.Effect<string | undefined>
    /** Kept for the time that the cache was made with, or shorter where there is no room. */
    readonly put: (key: string, answer: string) => Effect.Effect<void>
  }
>()("crossfade/execution/direct/AnswerCache") {}

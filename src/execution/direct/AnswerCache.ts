/**
 * Cached answers of direct mode. The key contains everything that an answer depends on. If an answer is missing for
 * any reason, the provider answers: no method fails, and no turn waits for an unavailable cache.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export class AnswerCache extends Context.Service<
  AnswerCache,
  {
    readonly get: (key: string) => Effect.Effect<string | undefined>
    /** Stores an answer for the cache's lifetime, or shorter if there is no room. */
    readonly put: (key: string, answer: string) => Effect.Effect<void>
  }
>()("crossfade/execution/direct/AnswerCache") {}

/** The stored transitions of breakers: for people on call, and so that a restart goes on where the last process ended. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ScopedTransition } from "../monitoring/breaker/Transition.ts"
import type { TransitionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

export class Transitions extends Context.Service<
  Transitions,
  {
    /** Added in the order in which they happened. The last 1000 are kept, and the last one of every scope. */
    readonly add: (transition: ScopedTransition) => Effect.Effect<void, StoreError>
    /** Newest first; `before` is the id the last page ended with. */
    readonly list: (page: {
      readonly before?: TransitionId
      readonly limit: number
    }) => Effect.Effect<Page<ScopedTransition, TransitionId>, StoreError>
    /** The last one of every scope. */
    readonly last: Effect.Effect<ReadonlyArray<ScopedTransition>, StoreError>
  }
>()("crossfade/store/Transitions") {}

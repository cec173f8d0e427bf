/** Port: the stored transitions of the breakers, for people on call and for the restore after a restart. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ScopedTransition } from "../monitoring/breaker/Transition.ts"
import type { TransitionId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

export class Transitions extends Context.Service<
  Transitions,
  {
    /** Adds transitions in order. The last 1000 stay, and the last one of each scope. */
    readonly add: (transition: ScopedTransition) => Effect.Effect<void, StoreError>
    /** Newest first; `before` is the id of the last page's end. */
    readonly list: (page: {
      readonly before?: TransitionId
      readonly limit: number
    }) => Effect.Effect<Page<ScopedTransition, TransitionId>, StoreError>
    /** The last transition of each scope. */
    readonly last: Effect.Effect<ReadonlyArray<ScopedTransition>, StoreError>
  }
>()("crossfade/store/Transitions") {}

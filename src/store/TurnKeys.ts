/** The keys of turns that may be sent again. `Runs.begin` writes a key, in the transaction of the turn; here it is found. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { RunId } from "../domain/Ids.ts"
import type { StoreError } from "./StoreError.ts"

/** Another turn has the key: the same request came twice at once. Nothing was kept of this one. */
export class TurnKeyTaken extends Schema.TaggedError<TurnKeyTaken>()("TurnKeyTaken", {}) {}

export class TurnKeys extends Context.Service<
  TurnKeys,
  {
    /** The turn that was begun under the key and what was asked for then; undefined when there is none, or it is too old. */
    readonly find: (
      key: string,
    ) => Effect.Effect<{ readonly runId: RunId; readonly request: string } | undefined, StoreError>
  }
>()("crossfade/store/TurnKeys") {}

/** Port: finds turns by the key of their request. `Runs.begin` writes a key in the transaction of the turn. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { RunId } from "../domain/Ids.ts"
import type { StoreError } from "./StoreError.ts"

/** Another turn has the key, because the same request arrived twice at once. Nothing of this one was stored. */
export class TurnKeyTaken extends Schema.TaggedError<TurnKeyTaken>()("TurnKeyTaken", {}) {}

export class TurnKeys extends Context.Service<
  TurnKeys,
  {
    /**
     * The turn that started under the key and the hash of its request; undefined if there is none, or it has expired.
     */
    readonly find: (
      key: string,
    ) => Effect.Effect<{ readonly runId: RunId; readonly request: string } | undefined, StoreError>
  }
>()("crossfade/store/TurnKeys") {}

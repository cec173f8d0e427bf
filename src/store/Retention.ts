/**
 * Deletes old rows: events of ended runs, keys of repeated requests, and what was spent long ago. Runs, attempts and
 * messages stay. Step by step, each of them short, so that no turn waits behind one.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RunId } from "../domain/Ids.ts"
import type { StoreError } from "./StoreError.ts"

export class Retention extends Context.Service<
  Retention,
  {
    /** Takes the job of forgetting until a time (epoch milliseconds); false where it is taken beyond `now` already. */
    readonly claim: (now: number, until: number) => Effect.Effect<boolean, StoreError>
    /**
     * One step through the runs that have events, oldest first, from behind `after` on: deletes the events of those that
     * ended before `endedBefore` (epoch milliseconds). Gives the run to go on behind; undefined when there are no more.
     */
    readonly forgetEvents: (
      endedBefore: number,
      after: RunId | undefined,
    ) => Effect.Effect<RunId | undefined, StoreError>
    /** Deletes some of the keys that were made before; false when there are no more. */
    readonly forgetKeys: (createdBefore: number) => Effect.Effect<boolean, StoreError>
    /** Deletes some of the tokens that were spent before a day (days since 1970-01-01); false when there are no more. */
    readonly forgetSpend: (before: number) => Effect.Effect<boolean, StoreError>
  }
>()("crossfade/store/Retention") {}

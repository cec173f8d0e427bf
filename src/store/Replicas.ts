/** The replicas that say that they live, and what becomes of the runs of those that do not. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RunId } from "../domain/Ids.ts"
import type { Beat } from "../platform/Replica.ts"
import type { StoreError } from "./StoreError.ts"

export class Replicas extends Context.Service<
  Replicas,
  {
    /** Only one process has this store: any other replica in it is dead. */
    readonly exclusive: boolean
    /** Says that this replica lives. `known`: it was among the living before; a buried one is not. */
    readonly beat: Effect.Effect<
      { readonly known: boolean; readonly others: ReadonlyArray<Beat> },
      StoreError
    >
    /**
     * One transaction: forgets those whose beat is still this one, and marks every running run of no living replica as
     * `interrupted` at `now`; says how many. Two may bury the same.
     */
    readonly bury: (dead: ReadonlyArray<Beat>, now: number) => Effect.Effect<number, StoreError>
    /** This replica's runs that are said to go on, of those begun before. Epoch milliseconds. */
    readonly running: (begunBefore: number) => Effect.Effect<ReadonlyArray<RunId>, StoreError>
    /** Marks those of the runs that are still running as `interrupted` at `now`. */
    readonly interrupt: (ids: ReadonlyArray<RunId>, now: number) => Effect.Effect<void, StoreError>
    /** Buries this replica itself, when it is stopped. */
    readonly leave: (now: number) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/Replicas") {}

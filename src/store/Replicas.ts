/** Port: the live replicas, and the runs of dead ones. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { RunId } from "../domain/Ids.ts"
import type { Beat } from "../platform/Replica.ts"
import type { StoreError } from "./StoreError.ts"

export class Replicas extends Context.Service<
  Replicas,
  {
    /** True if one process has the whole store: any other replica in it is dead. */
    readonly exclusive: boolean
    /** Records a heartbeat of this replica. `known` is false if another replica has declared it dead. */
    readonly beat: Effect.Effect<
      { readonly known: boolean; readonly others: ReadonlyArray<Beat> },
      StoreError
    >
    /**
     * One transaction: removes the replicas whose beat is unchanged, marks all running runs without a living replica
     * as `interrupted` at `now`, and returns their number. Two replicas may do it for the same dead one.
     */
    readonly interruptRunsOf: (dead: ReadonlyArray<Beat>, now: number) => Effect.Effect<number, StoreError>
    /** This replica's runs that the store has as running and that started before `begunBefore` (epoch milliseconds). */
    readonly running: (begunBefore: number) => Effect.Effect<ReadonlyArray<RunId>, StoreError>
    /** Marks those of the runs that are still running as `interrupted` at `now`. */
    readonly interrupt: (ids: ReadonlyArray<RunId>, now: number) => Effect.Effect<void, StoreError>
    /** Removes this replica at its own stop. */
    readonly retire: (now: number) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/Replicas") {}

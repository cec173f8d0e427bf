/** Port: the live replicas, and the runs of dead ones. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { MessageId, RunId } from "../domain/Ids.ts"
import type { Beat } from "../platform/Replica.ts"
import type { Message } from "../protocol/agent2ui/Message.ts"
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
     * Removes the replicas whose beat is unchanged, and returns all running runs without a living replica. Two replicas
     * may do it for the same dead one.
     */
    readonly remove: (dead: ReadonlyArray<Beat>) => Effect.Effect<ReadonlyArray<RunId>, StoreError>
    /** This replica's runs that the store has as running and that started before `begunBefore` (epoch milliseconds). */
    readonly running: (begunBefore: number) => Effect.Effect<ReadonlyArray<RunId>, StoreError>
    /**
     * One transaction: marks a running run as `interrupted` at `now`, and stores the message with the parts that its
     * readers have seen. Gives false if the run has ended.
     */
    readonly interrupt: (
      id: RunId,
      seen: { readonly id: MessageId; readonly content: string; readonly parts: ReadonlyArray<Message> },
      now: number,
    ) => Effect.Effect<boolean, StoreError>
    /** Removes this replica at its own stop. */
    readonly retire: Effect.Effect<void, StoreError>
  }
>()("crossfade/store/Replicas") {}

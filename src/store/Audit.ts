/**
 * Port: the audit of changes to the rollout and to API keys, and of reads of users' runs: actor, time and reason.
 * Entries stay forever. People cause only few of them.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuditEntry, AuditId } from "../domain/AuditEntry.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

/** An entry without its id, which the write assigns. */
export type Change = Omit<AuditEntry, "id">

export class Audit extends Context.Service<
  Audit,
  {
    /**
     * For changes outside the store. `RolloutStore` and `ApiKeys` write their change and its entry in one
     * transaction.
     */
    readonly add: (change: Change) => Effect.Effect<void, StoreError>
    /** Newest first; `before` is the id of the last page's end. */
    readonly list: (page: {
      readonly before?: AuditId
      readonly limit: number
    }) => Effect.Effect<Page<AuditEntry, AuditId>, StoreError>
  }
>()("crossfade/store/Audit") {}

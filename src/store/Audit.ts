/** Changes of the rollout and of API keys: by whom, when and why. Kept for ever: people change little. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuditEntry, AuditId } from "../domain/AuditEntry.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

/** An entry before it is written, which gives it its id. */
export type Change = Omit<AuditEntry, "id">

export class Audit extends Context.Service<
  Audit,
  {
    /** For changes outside of the store. Others are written in one transaction with their entry (`RolloutStore`, `ApiKeys`). */
    readonly add: (change: Change) => Effect.Effect<void, StoreError>
    /** Newest first; `before` is the id the last page ended with. */
    readonly list: (page: {
      readonly before?: AuditId
      readonly limit: number
    }) => Effect.Effect<Page<AuditEntry, AuditId>, StoreError>
  }
>()("crossfade/store/Audit") {}

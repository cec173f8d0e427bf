/** Port: counts the sessions of each organisation, and the bytes of text in their messages; lists the organisations. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrgId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { StoreError } from "./StoreError.ts"

export interface Usage {
  readonly sessions: number
  readonly bytes: number
}

export class OrgUsage extends Context.Service<
  OrgUsage,
  {
    /** The counts of all replicas up to a few seconds ago, and of this one up to now. */
    readonly of: (orgId: OrgId) => Effect.Effect<Usage, StoreError>
    /** The organisations with a count, in order, after the given one; those of other replicas up to a few seconds ago. */
    readonly list: (after: OrgId | undefined, limit: number) => Effect.Effect<Page<OrgId, OrgId>, StoreError>
    /** Adds stored data to the count. Cheap: one later statement writes many turns at once. */
    readonly count: (orgId: OrgId, added: Usage) => void
    /** Writes the counts. The next flush repeats those that the store refuses. */
    readonly flush: Effect.Effect<void>
  }
>()("crossfade/store/OrgUsage") {}

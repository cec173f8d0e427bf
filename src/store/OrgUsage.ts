/** Port: counts the sessions of each organisation, and the bytes of text in their messages. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrgId } from "../domain/Ids.ts"
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
    /** Adds stored data to the count. Cheap: one later statement writes many turns at once. */
    readonly count: (orgId: OrgId, added: Usage) => void
    /** Writes the counts. The next flush repeats those that the store refuses. */
    readonly flush: Effect.Effect<void>
  }
>()("crossfade/store/OrgUsage") {}

/** Counts the sessions of each organisation, and the bytes of text in their messages. */
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
    /** As all replicas have counted it up to some seconds ago, and this one until now. */
    readonly of: (orgId: OrgId) => Effect.Effect<Usage, StoreError>
    /** Adds what was stored. Cheap: it is written later, for many turns at once. */
    readonly count: (orgId: OrgId, added: Usage) => void
    /** Writes what was counted. What the store does not take is written next time. */
    readonly flush: Effect.Effect<void>
  }
>()("crossfade/store/OrgUsage") {}

/**
 * Port: shadow runs, one row for each pair, and the ledger of their cost and of skipped ones. `trim` limits both; no
 * user-facing read uses them.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AgentId, OrgId, RunId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { Dimension, Judgement, LedgerEntry, ShadowPair } from "../domain/ShadowPair.ts"
import type { StoreError } from "./StoreError.ts"

/** `since`: epoch milliseconds; selects pairs and hours from then on. Absent fields do not filter. */
export interface ShadowFilter {
  readonly orgId?: OrgId | undefined
  readonly agentId?: AgentId | undefined
  readonly since?: number | undefined
}

/** The ledger of a filter, summed over hours, organisations and agents. */
export type LedgerSum = Omit<LedgerEntry, "hour" | "orgId" | "agentId">

/** The pairs within one period, of two modes or of one mode (`same`). */
export interface ShadowBucket {
  /** Epoch milliseconds of the period's start. */
  readonly at: number
  readonly same: boolean
  readonly pairs: number
  /** `of`: pairs with something to compare. `hits`: those that agree. */
  readonly dimensions: { readonly [D in Dimension]: { readonly of: number; readonly hits: number } }
}

export class ShadowPairs extends Context.Service<
  ShadowPairs,
  {
    /** A repeated write leaves the pair unchanged. The pair of a deleted run is not stored. */
    readonly add: (pair: ShadowPair) => Effect.Effect<void, StoreError>
    readonly judge: (runId: RunId, judgement: Judgement) => Effect.Effect<void, StoreError>
    /**
     * Newest first by run (UUIDv7), before `before`. `differing`: only pairs of two modes that differ in a dimension.
     */
    readonly page: (
      filter: ShadowFilter,
      page: { readonly before?: RunId | undefined; readonly limit: number; readonly differing?: boolean },
    ) => Effect.Effect<Page<ShadowPair, RunId>, StoreError>
    /** Periods of `widthMs` from `since` on, oldest first. Periods without pairs are absent. */
    readonly series: (
      filter: ShadowFilter & { readonly since: number },
      widthMs: number,
    ) => Effect.Effect<ReadonlyArray<ShadowBucket>, StoreError>
    /** Adds entries to the ledger, all or nothing. */
    readonly count: (entries: ReadonlyArray<LedgerEntry>) => Effect.Effect<void, StoreError>
    readonly ledger: (filter: ShadowFilter) => Effect.Effect<ReadonlyArray<LedgerSum>, StoreError>
    /** Keeps the newest `pairs` pairs, and the ledger from `hour` on. */
    readonly trim: (keep: {
      readonly pairs: number
      readonly hour: number
    }) => Effect.Effect<void, StoreError>
  }
>()("crossfade/store/ShadowPairs") {}

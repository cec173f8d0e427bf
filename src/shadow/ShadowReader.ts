/** Reads shadow runs: the report over all stored pairs, page by page, and the pairs that differ. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OrgId, RunId } from "../domain/Ids.ts"
import type { Page } from "../domain/Page.ts"
import type { ShadowPair } from "../domain/ShadowPair.ts"
import { type LedgerSum, type ShadowFilter, ShadowPairs } from "../store/ShadowPairs.ts"
import type { StoreError } from "../store/StoreError.ts"
import { ShadowLedger } from "./ShadowLedger.ts"
import * as ShadowReport from "./ShadowReport.ts"
import * as ShadowSeries from "./ShadowSeries.ts"

/** Small enough that turns are served between two pages. */
const pairsPerPage = 500

export class ShadowReader extends Context.Service<
  ShadowReader,
  {
    readonly report: (
      filter: ShadowFilter,
    ) => Effect.Effect<
      ReturnType<typeof ShadowReport.report> & { readonly ledger: ReadonlyArray<LedgerSum> },
      StoreError
    >
    /** Agreement over time, in `points` periods of equal length from `since` to now. */
    readonly series: (filter: ShadowFilter, points: number) => Effect.Effect<ShadowSeries.Series, StoreError>
    /** Newest first. */
    readonly mismatches: (
      orgId: OrgId | undefined,
      page: { readonly before?: RunId; readonly limit: number },
    ) => Effect.Effect<Page<ShadowPair, RunId>, StoreError>
  }
>()("crossfade/shadow/ShadowReader") {
  static readonly layer: Layer.Layer<ShadowReader, never, ShadowLedger | ShadowPairs> = Layer.effect(
    ShadowReader,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const pairs = yield* ShadowPairs
  const ledger = yield* ShadowLedger

  const tally = Effect.fnUntraced(function* (filter: ShadowFilter) {
    const tallies = ShadowReport.empty()
    let before: RunId | undefined
    do {
      const { entries, next } = yield* pairs.page(filter, { before, limit: pairsPerPage })
      for (const pair of entries) ShadowReport.add(tallies, pair)
      before = next ?? undefined
      yield* Effect.yieldNow
    } while (before !== undefined)
    return tallies
  })

  const report: ShadowReader["Service"]["report"] = Effect.fnUntraced(function* (filter) {
    yield* ledger.flush
    const tallies = yield* tally(filter)
    return { ...ShadowReport.report(tallies), ledger: yield* pairs.ledger(filter) }
  })

  const series: ShadowReader["Service"]["series"] = Effect.fnUntraced(function* (filter, points) {
    const { since, widthMs } = ShadowSeries.periodsOf(yield* Clock.currentTimeMillis, filter.since, points)
    return ShadowSeries.series(since, widthMs, yield* pairs.series({ ...filter, since }, widthMs))
  })

  const mismatches: ShadowReader["Service"]["mismatches"] = (orgId, page) =>
    pairs.page({ orgId }, { ...page, differing: true })

  return ShadowReader.of({ report, series, mismatches })
})

/** `ShadowPairs` in the SQL database. A side is JSON, read only with its pair. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { RunId } from "../domain/Ids.ts"
import {
  type Dimension,
  dimensions,
  Distances,
  hourOf,
  Judgement,
  LedgerEntry,
  ShadowPair,
  Side,
} from "../domain/ShadowPair.ts"
import { type ShadowBucket, type ShadowFilter, ShadowPairs } from "./ShadowPairs.ts"
import * as PageSql from "./PageSql.ts"
import { asStoreError } from "./SqlStoreError.ts"

const owner = { orgId: "org_id", agentId: "agent_id" } as const

const PairRow = Schema.Struct({
  ...ShadowPair.fields,
  primary: Schema.fromJsonString(Side),
  shadow: Schema.fromJsonString(Side),
  distances: Schema.fromJsonString(Distances),
  differs: Schema.fromJsonString(ShadowPair.fields.differs),
  judgement: Schema.NullOr(Schema.fromJsonString(Judgement)),
}).pipe(
  Schema.encodeKeys({
    ...owner,
    runId: "run_id",
    primaryMode: "primary_mode",
    shadowMode: "shadow_mode",
    primaryOutcome: "primary_outcome",
    shadowOutcome: "shadow_outcome",
    primary: "primary_side",
    shadow: "shadow_side",
    createdAt: "created_at",
  }),
)

const LedgerRow = LedgerEntry.pipe(Schema.encodeKeys({ ...owner, estimatedTokens: "estimated_tokens" }))
const { agentId: _agent, hour: _hour, orgId: _org, ...summed } = LedgerEntry.fields
const SumRow = Schema.Struct(summed).pipe(Schema.encodeKeys({ estimatedTokens: "estimated_tokens" }))

/** Beside these, two counts for each dimension, by its place in `dimensions`: `of_0`, `apart_0`, … */
const BucketRow = Schema.StructWithRest(
  Schema.Struct({ period: Schema.Int, same: Schema.Int, pairs: Schema.Int }),
  [Schema.Record(Schema.String, Schema.Int)],
)
type BucketRow = typeof BucketRow.Type

const bucketOf =
  (since: number, widthMs: number) =>
  (row: BucketRow): ShadowBucket => ({
    at: since + row.period * widthMs,
    same: row.same === 1,
    pairs: row.pairs,
    dimensions: Object.fromEntries(
      dimensions.map((dimension, place) => {
        const of = row[`of_${place}`] ?? 0
        return [dimension, { of, hits: of - (row[`apart_${place}`] ?? 0) }]
      }),
    ) as ShadowBucket["dimensions"],
  })

const encodePair = Schema.encodeEffect(PairRow)
const encodeJudgement = Schema.encodeEffect(Schema.fromJsonString(Judgement))
const encodeLedger = Schema.encodeEffect(Schema.Array(LedgerRow))
const decodePairs = Schema.decodeUnknownEffect(Schema.Array(PairRow))
const decodeBuckets = Schema.decodeUnknownEffect(Schema.Array(BucketRow))
const decodeSums = Schema.decodeUnknownEffect(Schema.Array(SumRow))

/** Each has eight parameters, and a statement can bind about 32 766. */
const entriesPerInsert = 1000

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const of = ({ agentId, orgId }: ShadowFilter) => [
    ...(orgId === undefined ? [] : [sql`org_id = ${orgId}`]),
    ...(agentId === undefined ? [] : [sql`agent_id = ${agentId}`]),
  ]

  /** A deletion of the run waits, so that no pair outlives it. */
  const untilCommit = sql.onDialectOrElse({ pg: () => sql`FOR SHARE`, orElse: () => sql`` })

  const add = Effect.fnUntraced(
    function* (pair: ShadowPair) {
      const found = yield* sql`SELECT 1 AS found FROM runs
      WHERE id = ${pair.runId} AND deleted_at IS NULL ${untilCommit}`
      if (found.length === 0) return
      yield* sql`INSERT INTO shadow_pairs ${sql.insert(yield* encodePair(pair))} ON CONFLICT (run_id) DO NOTHING`
    },
    sql.withTransaction,
    asStoreError("ShadowPairs.add"),
  )

  const judge = Effect.fnUntraced(function* (runId: RunId, judgement: Judgement) {
    yield* sql`UPDATE shadow_pairs SET judgement = ${yield* encodeJudgement(judgement)} WHERE run_id = ${runId}`
  }, asStoreError("ShadowPairs.judge"))

  const page: ShadowPairs["Service"]["page"] = Effect.fnUntraced(function* (filter, options) {
    const { before, differing, limit } = options
    const narrowed = sql.and([
      ...of(filter),
      ...(filter.since === undefined ? [] : [sql`created_at >= ${filter.since}`]),
      ...(before === undefined ? [] : [sql`run_id < ${before}`]),
      ...(differing === true ? [sql`differs <> '[]'`, sql`primary_mode <> shadow_mode`] : []),
    ])
    const rows = {
      table: "shadow_pairs",
      keys: ["run_id"],
      direction: "DESC",
      where: narrowed,
      texts: ["primary_side", "shadow_side", "distances", "differs", "judgement"],
      limit,
    } as const
    return yield* PageSql.page(sql, rows, decodePairs, ({ runId }) => runId)
  }, asStoreError("ShadowPairs.page"))

  /** Compares the JSON as text, which both databases do in the same way. Names of dimensions have no special characters. */
  const countsOf = (dimension: Dimension, place: number) => sql`
    SUM(CASE WHEN distances LIKE ${`%"${dimension}":null%`} THEN 0 ELSE 1 END) AS ${sql(`of_${place}`)},
    SUM(CASE WHEN differs LIKE ${`%"${dimension}"%`} THEN 1 ELSE 0 END) AS ${sql(`apart_${place}`)}`

  const series: ShadowPairs["Service"]["series"] = Effect.fnUntraced(function* (filter, widthMs) {
    const { since } = filter
    const rows = yield* sql`SELECT CAST((created_at - ${since}) / ${widthMs} AS BIGINT) AS period,
      CASE WHEN primary_mode = shadow_mode THEN 1 ELSE 0 END AS same,
      COUNT(*) AS pairs, ${sql.csv(dimensions.map(countsOf))}
      FROM shadow_pairs WHERE ${sql.and([...of(filter), sql`created_at >= ${since}`])}
      GROUP BY period, same ORDER BY period, same`
    return (yield* decodeBuckets(rows)).map(bucketOf(since, widthMs))
  }, asStoreError("ShadowPairs.series"))

  const count = Effect.fnUntraced(function* (entries: ReadonlyArray<LedgerEntry>) {
    const rows = yield* encodeLedger(entries)
    if (!Arr.isReadonlyArrayNonEmpty(rows)) return
    yield* Effect.forEach(
      Arr.chunksOf(rows, entriesPerInsert),
      (chunk) => sql`INSERT INTO shadow_ledger ${sql.insert(chunk)}
        ON CONFLICT (hour, org_id, agent_id, mode, ending) DO UPDATE SET
        runs = shadow_ledger.runs + excluded.runs,
        tokens = shadow_ledger.tokens + excluded.tokens,
        estimated_tokens = shadow_ledger.estimated_tokens + excluded.estimated_tokens`,
      { discard: true },
    ).pipe(sql.withTransaction)
  }, asStoreError("ShadowPairs.count"))

  // PostgreSQL's sum of a BIGINT is a NUMERIC.
  const ledger = Effect.fnUntraced(function* (filter: ShadowFilter) {
    const since = filter.since === undefined ? [] : [sql`hour >= ${hourOf(filter.since)}`]
    return yield* decodeSums(
      yield* sql`SELECT mode, ending, CAST(SUM(runs) AS BIGINT) AS runs, CAST(SUM(tokens) AS BIGINT) AS tokens,
        CAST(SUM(estimated_tokens) AS BIGINT) AS estimated_tokens
        FROM shadow_ledger WHERE ${sql.and([...of(filter), ...since])} GROUP BY mode, ending ORDER BY mode, ending`,
    )
  }, asStoreError("ShadowPairs.ledger"))

  const trim: ShadowPairs["Service"]["trim"] = Effect.fnUntraced(function* ({ hour, pairs }) {
    // With fewer pairs the inner query is null, and the comparison deletes nothing.
    yield* sql`DELETE FROM shadow_pairs WHERE run_id <=
      (SELECT run_id FROM shadow_pairs ORDER BY run_id DESC LIMIT 1 OFFSET ${pairs})`
    yield* sql`DELETE FROM shadow_ledger WHERE hour < ${hour}`
  }, asStoreError("ShadowPairs.trim"))

  return ShadowPairs.of({ add, judge, page, series, count, ledger, trim })
})

export const layerSql: Layer.Layer<ShadowPairs, never, SqlClient.SqlClient> = Layer.effect(ShadowPairs, make)

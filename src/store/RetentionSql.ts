/**
 * `Retention` in the SQL database. Run ids sort by start, and events by their run, so the oldest events are at the
 * start of the primary key and need no index of their own.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { lowestIdAt, RunId } from "../domain/Ids.ts"
import * as JobClaim from "./JobClaim.ts"
import * as MessageRetentionSql from "./MessageRetentionSql.ts"
import { Retention } from "./Retention.ts"
import { asStoreError } from "./SqlStoreError.ts"

/** Pages a step, plus the rest of the last page's run. */
const pagesAStep = 500
const keysAStep = 1000

const decode = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ run_id: RunId })))

const decodeKeys = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ key: Schema.String })))

export const layerSql: Layer.Layer<Retention, never, SqlClient.SqlClient> = Layer.effect(
  Retention,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const claim: Retention["Service"]["claim"] = (now, until) =>
      asStoreError("Retention.claim")(JobClaim.claim(sql, "forget", now, until))

    const deleteEvents: Retention["Service"]["deleteEvents"] = Effect.fnUntraced(function* (
      endedBefore,
      after,
    ) {
      // A run that started later ended later.
      const bound = lowestIdAt(endedBefore)
      const rows =
        yield* sql`SELECT run_id FROM run_events WHERE run_id > ${after ?? ""} AND run_id < ${bound}
        ORDER BY run_id, seq LIMIT ${pagesAStep}`
      const runs = [...new Set((yield* decode(rows)).map((row) => row.run_id))]
      if (runs.length === 0) return undefined
      yield* sql`DELETE FROM run_events WHERE run_id IN
        (SELECT id FROM runs WHERE ${sql.in("id", runs)} AND ended_at < ${endedBefore})`.unprepared
      return runs.at(-1)
    }, asStoreError("Retention.deleteEvents"))

    const deleteKeys: Retention["Service"]["deleteKeys"] = Effect.fnUntraced(function* (createdBefore) {
      // PostgreSQL would scan the whole table for a DELETE with a limited subquery.
      const rows = yield* sql`SELECT key FROM idempotency_keys WHERE created_at < ${createdBefore}
        ORDER BY created_at LIMIT ${keysAStep}`
      const keys = (yield* decodeKeys(rows)).map((row) => row.key)
      // A key may have been used anew in between.
      if (keys.length > 0)
        yield* sql`DELETE FROM idempotency_keys WHERE ${sql.in("key", keys)}
          AND created_at < ${createdBefore}`.unprepared
      return keys.length === keysAStep
    }, asStoreError("Retention.deleteKeys"))

    const deleteSpend: Retention["Service"]["deleteSpend"] = Effect.fnUntraced(function* (before) {
      const rows = yield* sql`DELETE FROM token_spend WHERE (day, org_id, user_id) IN
        (SELECT day, org_id, user_id FROM token_spend WHERE day < ${before} ORDER BY day LIMIT ${keysAStep})
        RETURNING day`
      return rows.length === keysAStep
    }, asStoreError("Retention.deleteSpend"))

    const markMessages = MessageRetentionSql.make(sql)
    const deleteMessages: Retention["Service"]["deleteMessages"] = (orgs, endedBefore, after) =>
      asStoreError("Retention.deleteMessages")(markMessages(orgs, endedBefore, after))

    const deleteIds: Retention["Service"]["deleteIds"] = Effect.fnUntraced(function* (deletedBefore) {
      const rows = yield* sql`DELETE FROM deletions WHERE (org_id, user_id, id) IN
        (SELECT org_id, user_id, id FROM deletions WHERE at < ${deletedBefore} ORDER BY at LIMIT ${keysAStep})
        RETURNING at`
      return rows.length === keysAStep
    }, asStoreError("Retention.deleteIds"))

    return Retention.of({ claim, deleteEvents, deleteKeys, deleteMessages, deleteIds, deleteSpend })
  }),
)

/**
 * `RecordedTurns` in the SQL database. Run ids are UUIDv7, so they sort by start, and the primary key finds each
 * page; other processes may write meanwhile.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { lowestIdAt, OrgId, RunId, SessionId } from "../domain/Ids.ts"
import { type RecordedTurn, RecordedTurns } from "./RecordedTurns.ts"
import { AttemptRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const TurnRow = Schema.Struct({
  id: RunId,
  org_id: OrgId,
  session_id: SessionId,
  created_at: Schema.Int,
})
const decodeTurns = Schema.decodeUnknownEffect(Schema.Array(TurnRow))
const RowOfRun = Schema.Struct({ run_id: RunId })
const decodeOwners = Schema.decodeUnknownEffect(Schema.Array(RowOfRun))
const decodeAttempts = Schema.decodeUnknownEffect(Schema.Array(AttemptRow))

const pageSize = 500

export const layerSql: Layer.Layer<RecordedTurns, never, SqlClient.SqlClient> = Layer.effect(
  RecordedTurns,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const attemptsOf = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>) {
      const rows = yield* sql`SELECT * FROM attempts WHERE ${sql.in("run_id", ids)} AND shadow = 0
        ORDER BY run_id, number`
      const owners = yield* decodeOwners(rows)
      const attempts = yield* decodeAttempts(rows)
      return Map.groupBy(
        attempts.map((attempt, index) => ({ attempt, id: owners[index]?.run_id })),
        ({ id }) => id,
      )
    })

    const page = Effect.fnUntraced(function* (after: string, since: number) {
      const rows = yield* decodeTurns(
        yield* sql`SELECT id, org_id, session_id, created_at FROM runs
          WHERE id > ${after} AND created_at >= ${since} ORDER BY id LIMIT ${pageSize}`,
      )
      const last = rows.at(-1)
      if (last === undefined) return [[], Option.none<string>()] as const
      const attempts = yield* attemptsOf(rows.map(({ id }) => id))
      const turns = rows.map((row): RecordedTurn => ({
        orgId: row.org_id,
        sessionId: row.session_id,
        createdAt: row.created_at,
        attempts: attempts.get(row.id)?.map(({ attempt }) => attempt) ?? [],
      }))
      return [turns, rows.length < pageSize ? Option.none() : Option.some<string>(last.id)] as const
    }, asStoreError("RecordedTurns.page"))

    return RecordedTurns.of({
      since: (since) => Stream.paginate(lowestIdAt(since), (after) => page(after, since)),
    })
  }),
)

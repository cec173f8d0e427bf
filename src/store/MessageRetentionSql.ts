/**
 * Marks the turns that ended before a time, and sessions without messages, so that `Purge` removes them. It walks through the
 * sessions that are old enough: by id, which sorts by start, or through those of one organisation.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { lowestIdAt, SessionId, UserId } from "../domain/Ids.ts"
import type { RetainedOrgs } from "../domain/MessageRetention.ts"
import * as DeletionMarks from "./DeletionMarks.ts"
import { purgeAtOnce } from "./Deletions.ts"
import type { SessionPosition } from "./Retention.ts"

const sessionsAStep = 50

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: SessionId, user_id: UserId, old: Schema.Int })),
)

export const make = (sql: SqlClient.SqlClient) => {
  const { mark, retitle } = DeletionMarks.make(sql)
  const isLeft = sql`(deleted_at IS NULL OR deleted_at > ${purgeAtOnce})`

  const within = (orgs: RetainedOrgs, after: SessionPosition | undefined) => {
    if ("orgId" in orgs) {
      const later = after === undefined ? sql`` : sql`AND (user_id, id) > (${after.userId}, ${after.id})`
      return { where: sql`org_id = ${orgs.orgId} ${later}`, order: sql`user_id, id` }
    }
    const others = orgs.except.length === 0 ? sql`` : sql`AND NOT ${sql.in("org_id", orgs.except)}`
    return { where: sql`id > ${after?.id ?? ""} ${others}`, order: sql`id` }
  }

  const markEmpty = (ids: ReadonlyArray<SessionId>, endedBefore: number) =>
    sql`UPDATE sessions SET deleted_at = ${purgeAtOnce}
      WHERE ${sql.in("id", ids)} AND updated_at < ${endedBefore} AND ${isLeft}
        AND NOT EXISTS (SELECT 1 FROM messages WHERE session_id = sessions.id AND ${isLeft})
        AND NOT EXISTS (SELECT 1 FROM runs WHERE session_id = sessions.id AND status = 'running')`.unprepared

  return Effect.fnUntraced(function* (
    orgs: RetainedOrgs,
    endedBefore: number,
    after: SessionPosition | undefined,
  ) {
    const { order, where } = within(orgs, after)
    const rows = yield* decode(
      yield* sql`SELECT id, user_id, CASE WHEN EXISTS (SELECT 1 FROM runs
          WHERE session_id = sessions.id AND ended_at < ${endedBefore} AND ${isLeft}) THEN 1 ELSE 0 END AS old
        FROM sessions WHERE ${where} AND id < ${lowestIdAt(endedBefore)}
        ORDER BY ${order} LIMIT ${sessionsAStep}`.unprepared,
    )
    for (const { id, old } of rows)
      if (old === 1)
        yield* Effect.andThen(mark.turnsBefore(id, endedBefore, purgeAtOnce), retitle(id)).pipe(
          sql.withTransaction,
        )
    if (rows.length > 0)
      yield* markEmpty(
        rows.map(({ id }) => id),
        endedBefore,
      )
    const last = rows.length < sessionsAStep ? undefined : rows.at(-1)
    return last === undefined ? undefined : { id: last.id, userId: last.user_id }
  })
}

/** A job that one replica does for all: it holds the job until a time, and then the first that claims it does. */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"

/** Gives false if the job is held beyond `now`. Times are epoch milliseconds. */
export const claim = (sql: SqlClient.SqlClient, name: string, now: number, until: number) =>
  Effect.map(
    sql`INSERT INTO jobs ${sql.insert({ name, held_until: until })}
      ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until
      WHERE jobs.held_until <= ${now} RETURNING name`,
    (rows) => rows.length > 0,
  )

/** The holder prolongs its job, or ends it with a time that has passed. */
export const hold = (sql: SqlClient.SqlClient, name: string, until: number) =>
  sql`UPDATE jobs SET held_until = ${until} WHERE name = ${name}`

/** Counts the statements of a connection of either database. BEGIN, COMMIT and ROLLBACK have a count of their own. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import * as Stream from "effect/Stream"
import { monotonicMillis } from "../platform/Monotonic.ts"
import { measure, type Update } from "../telemetry/Instrument.ts"
import { statementSent, statementTook } from "../telemetry/Measure.ts"

const controls: ReadonlySet<string> = new Set(["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"])
/** Longer than any command of a transaction; the search of a long statement costs more than its count. */
const longestControl = 64

export const sent = (sql: string): Update =>
  sql.length <= longestControl && (controls.has(sql) || sql.includes(" SAVEPOINT effect_sql_"))
    ? statementSent.transaction
    : statementSent.statement

const timed = <A, E>(sql: string, statement: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.contextWith((context: Context.Context<never>) => {
    sent(sql)(context)
    const clock = Context.get(context, Clock.Clock)
    const began = monotonicMillis(clock)
    return Effect.map(statement, (result) => {
      statementTook(monotonicMillis(clock) - began)(context)
      return result
    })
  })

/** Counts at the start, because a statement that fails was sent as well. */
export const counted = (connection: Connection): Connection => {
  const after =
    <Rest extends ReadonlyArray<unknown>, A, E>(run: (sql: string, ...rest: Rest) => Effect.Effect<A, E>) =>
    (sql: string, ...rest: Rest): Effect.Effect<A, E> =>
      timed(sql, run(sql, ...rest))
  return {
    execute: after(connection.execute),
    executeUnprepared: after(connection.executeUnprepared),
    executeRaw: after(connection.executeRaw),
    executeValues: after(connection.executeValues),
    executeValuesUnprepared: after(connection.executeValuesUnprepared),
    executeStream: (sql, ...rest) =>
      Stream.unwrap(Effect.as(measure([sent(sql)]), connection.executeStream(sql, ...rest))),
  }
}

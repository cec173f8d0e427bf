/** Counts what goes over a connection of either database: every statement, and the words around a transaction apart. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import * as Stream from "effect/Stream"
import { monotonicMillis } from "../domain/Monotonic.ts"
import { databaseStatement, statementEnded } from "../telemetry/Measure.ts"

const controls: ReadonlySet<string> = new Set(["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"])

const count = (sql: string) =>
  databaseStatement(controls.has(sql) || sql.includes(" SAVEPOINT effect_sql_") ? "transaction" : "statement")

const timed = <A, E>(statement: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Clock.clockWith((clock) => {
    const began = monotonicMillis(clock)
    return Effect.tap(statement, () => statementEnded(monotonicMillis(clock) - began))
  })

/** Counted when it begins: one that fails has been sent as well. */
export const counted = (connection: Connection): Connection => {
  const after =
    <Rest extends ReadonlyArray<unknown>, A, E>(run: (sql: string, ...rest: Rest) => Effect.Effect<A, E>) =>
    (sql: string, ...rest: Rest): Effect.Effect<A, E> =>
      Effect.andThen(count(sql), timed(run(sql, ...rest)))
  return {
    execute: after(connection.execute),
    executeUnprepared: after(connection.executeUnprepared),
    executeRaw: after(connection.executeRaw),
    executeValues: after(connection.executeValues),
    executeValuesUnprepared: after(connection.executeValuesUnprepared),
    executeStream: (sql, ...rest) =>
      Stream.unwrap(Effect.as(count(sql), connection.executeStream(sql, ...rest))),
  }
}

/**
 * Port: statements that run in order, all of them or none. The stores write a turn with it.
 *
 * Statements are `sql` templates. This file has the port and its implementation over any `SqlClient`, which
 * PostgreSQL uses; `BatchSqlite` has a faster one. Inside the caller's transaction, a batch is a part of it.
 */
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Statement } from "effect/sql/Statement"

export interface Step<E = never> {
  readonly statement: Statement<Row>
  /**
   * The statement must return a row. Without one the whole batch is rolled back, and the batch fails with this error.
   */
  readonly orFail?: () => E
  /** Each call has a different text, so PostgreSQL must not cache the statement in each connection. */
  readonly unprepared?: true
}

/** The rows that each step returned. */
export type Rows = ReadonlyArray<ReadonlyArray<Row>>

export class Batch extends Context.Service<
  Batch,
  {
    /** Success means that the batch has committed. A single step runs without a transaction. */
    readonly run: <E = never>(steps: ReadonlyArray<Step<E>>) => Effect.Effect<Rows, E | SqlError>
  }
>()("crossfade/persistence/Batch") {}

export const overClient = (sql: SqlClient.SqlClient): Batch["Service"] => {
  const rowsOf = <E>({
    orFail,
    statement,
    unprepared,
  }: Step<E>): Effect.Effect<ReadonlyArray<Row>, E | SqlError> => {
    const rows = unprepared === true ? statement.unprepared : statement
    return orFail === undefined ? rows : Effect.filterOrFail(rows, Arr.isReadonlyArrayNonEmpty, orFail)
  }
  return Batch.of({
    run: (steps) => {
      const all = Effect.forEach(steps, rowsOf)
      return steps.length === 1 ? all : sql.withTransaction(all)
    },
  })
}

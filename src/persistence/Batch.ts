/**
 * Statements that are carried out in their order, all of them or none: what the stores keep of a turn. They are written as
 * `sql` templates like any other.
 *
 * Here is the port, and what it does over any `SqlClient`, which is all of it on PostgreSQL; `BatchSqlite` has a shorter way.
 * Inside a transaction of the caller's a batch is a part of it.
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
  /** The statement must give a row: without one nothing of the batch is kept, and this is why. */
  readonly orFail?: () => E
  /** The text differs every time, so PostgreSQL must not keep it in each connection. */
  readonly unprepared?: true
}

/** The rows of each step. */
export type Rows = ReadonlyArray<ReadonlyArray<Row>>

export class Batch extends Context.Service<
  Batch,
  {
    /** When it succeeds it has committed. One step alone is no transaction. */
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

/**
 * `Batch` on SQLite. Its calls block for about 10 us each, so a batch is one uninterrupted step of a fiber. It waits
 * only while another transaction is running.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Row } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { Batch, Rows, Step } from "./Batch.ts"
import { begin, type SqliteCalls, sqlError } from "./SqliteCalls.ts"

/** `inTurn` waits for the one connection, and recognises the caller's own transaction. */
export const make = (calls: SqliteCalls, inTurn: Batch["Service"]): Batch["Service"] => ({
  run: (steps) =>
    Effect.contextWith((context: Context.Context<never>) =>
      calls.database.isTransaction ? inTurn.run(steps) : atOnce(calls, steps, context),
    ),
})

const atOnce = <E>(
  calls: SqliteCalls,
  steps: ReadonlyArray<Step<E>>,
  context: Context.Context<never>,
): Exit.Exit<Rows, E | SqlError> => {
  try {
    return steps.length === 1 ? carriedOut(calls, steps, context) : together(calls, steps, context)
  } catch (cause) {
    return Exit.fail(sqlError("execute", cause))
  }
}

/** Throws SQLite's errors. A COMMIT that has failed may leave the transaction open. */
const together = <E>(
  calls: SqliteCalls,
  steps: ReadonlyArray<Step<E>>,
  context: Context.Context<never>,
): Exit.Exit<Rows, E> => {
  calls.all(context, begin, [])
  try {
    const done = carriedOut(calls, steps, context)
    if (Exit.isSuccess(done)) calls.all(context, "COMMIT", [])
    return done
  } finally {
    if (calls.database.isTransaction) calls.all(context, "ROLLBACK", [])
  }
}

const carriedOut = <E>(
  calls: SqliteCalls,
  steps: ReadonlyArray<Step<E>>,
  context: Context.Context<never>,
): Exit.Exit<Rows, E> => {
  const all: Array<ReadonlyArray<Row>> = []
  for (const { orFail, statement } of steps) {
    const [sql, params] = statement.compile()
    const rows = calls.all(context, sql, params)
    if (rows.length === 0 && orFail !== undefined) return Exit.fail(orFail())
    all.push(rows)
  }
  return Exit.succeed(all)
}

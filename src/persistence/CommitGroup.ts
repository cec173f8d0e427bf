/**
 * Several batches over one PostgreSQL connection. Each is a transaction of its own, and all wait for the disk once.
 *
 * Their commits do not wait (`synchronous_commit=off`); the last statement of the group does. It flushes the
 * write-ahead log of the same server, and with it every earlier commit. Only then is a batch stored for its caller.
 * Each write to the connection has the COMMIT of a batch and the statements of the next, so `n` batches take `n + 1`
 * round trips.
 *
 * A connection of a pooler can change its server between two transactions, and the flush would prove nothing.
 */
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import type { SqlError } from "effect/sql/SqlError"
import type { Rows, Step } from "./Batch.ts"
import { monotonicMillis } from "../platform/Monotonic.ts"
import type { Update } from "../telemetry/Instrument.ts"
import { batchesStored, statementSent, statementTook } from "../telemetry/Measure.ts"

/** A batch on its way. The first call of one of the last four functions answers its caller. */
export interface Pending {
  readonly steps: ReadonlyArray<Step<unknown>>
  /** The caller has gone. Without a COMMIT under way, the batch is rolled back. */
  isAbandoned: boolean
  /** If the connection breaks now, the outcome is unknown. */
  isCommitting: boolean
  readonly stored: (rows: Rows) => void
  /** The step with this index must return a row and returned none. */
  readonly refused: (index: number) => void
  readonly failed: (cause: Cause.Cause<SqlError>) => void
  /** Nothing of it is stored, and it runs again without a group. */
  readonly again: () => void
}

interface Query {
  readonly sql: string
  readonly params: ReadonlyArray<unknown>
  readonly prepare: boolean
  readonly counts: Update
}

type Answer = Exit.Exit<PgConnection.Result, SqlError>

const control = (sql: string, prepare: boolean): Query => ({
  sql,
  params: [],
  prepare,
  counts: statementSent.transaction,
})

/**
 * If it failed, the statements behind it in the same write would each commit. Only a cancellation could make it fail,
 * so these connections have no `statement_timeout`. The driver may repeat a prepared statement, out of order: this is
 * none.
 */
const begin = control("BEGIN", false)
const commit = control("COMMIT", true)
const rollback = control("ROLLBACK", true)
/** A batch that waits for a row lock holds up those behind it. It fails early, and then runs alone. */
const relax = control(
  "SELECT set_config('synchronous_commit', 'off', false), set_config('lock_timeout', '50ms', false)",
  false,
)
const restore = control("RESET ALL", false)
/** A transaction that writes nothing else. Its commit waits for the disk as the server's configuration asks. */
const flush = control("SELECT 1 FROM pg_logical_emit_message(true, 'crossfade', '')", false)

/** Sends the queries in one write. Their answers are in the same order. */
const inOneWrite = (connection: PgConnection.PgConnection, queries: ReadonlyArray<Query>) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const clock = Context.get(context, Clock.Clock)
    const began = monotonicMillis(clock)
    return Effect.forEach(
      queries,
      ({ counts, params, prepare, sql }) => {
        counts(context)
        return Effect.exit(
          Effect.tap(connection.query(sql, params, prepare), () =>
            Effect.sync(() => statementTook(monotonicMillis(clock) - began)(context)),
          ),
        )
      },
      { concurrency: "unbounded" },
    )
  })

const queryOf = ({ statement, unprepared }: Step<unknown>): Query => {
  const [sql, params] = statement.compile()
  return { sql, params, prepare: unprepared !== true, counts: statementSent.statement }
}

/** A query that begins or ends a transaction or a group. An error of `answered` means that the connection is unusable. */
interface Control {
  readonly query: Query
  readonly answered: (answer: Answer) => Effect.Effect<unknown, SqlError>
}

const required = (query: Query): Control => ({ query, answered: identity })

const rollingBack = (then: () => void): Control => ({
  query: rollback,
  answered: (answer) => Effect.map(answer, then),
})

interface Group {
  readonly isShared: boolean
  readonly committed: Array<{ readonly batch: Pending; readonly rows: Rows }>
}

/** After an error of a statement or of the COMMIT, which is not the end of the connection. */
const failed = (batch: Pending, { cause }: Exit.Failure<unknown, SqlError>, { isShared }: Group): void =>
  isShared ? batch.again() : batch.failed(cause)

const isConnectionLost = (answer: Exit.Failure<unknown, SqlError>): boolean =>
  Exit.findErrorOption(answer).pipe(Option.exists(({ reason }) => reason._tag === "ConnectionError"))

const committing = (batch: Pending, rows: Rows, group: Group): Control => {
  batch.isCommitting = true
  return {
    query: commit,
    answered: (answer) => {
      if (Exit.isSuccess(answer)) {
        group.committed.push({ batch, rows })
        return Effect.void
      }
      if (isConnectionLost(answer)) return answer
      batch.isCommitting = false
      failed(batch, answer, group)
      return Effect.void
    },
  }
}

/** Ends the transaction of a batch, whose statements have these answers. Its first failed step decides. */
const ending = (batch: Pending, answers: ReadonlyArray<Answer>, group: Group): Control => {
  const rows: Array<Rows[number]> = []
  for (const [index, answer] of answers.entries()) {
    if (Exit.isFailure(answer)) return rollingBack(() => failed(batch, answer, group))
    if (answer.value.rows.length === 0 && batch.steps[index]?.orFail !== undefined)
      return rollingBack(() => batch.refused(index))
    rows.push(answer.value.rows)
  }
  return batch.isAbandoned ? rollingBack(batch.again) : committing(batch, rows, group)
}

/** Sends the controls and then the queries. Returns the answers to the queries. */
const ask = Effect.fnUntraced(function* (
  connection: PgConnection.PgConnection,
  controls: ReadonlyArray<Control>,
  queries: ReadonlyArray<Query>,
) {
  const answers = yield* inOneWrite(connection, [...controls.map(({ query }) => query), ...queries])
  for (const [index, { answered }] of controls.entries()) yield* answered(answers[index]!)
  return answers.slice(controls.length)
})

/** A single batch commits as if there were no group. After a failure the connection must not be used again. */
export const carryOut = Effect.fnUntraced(function* (
  connection: PgConnection.PgConnection,
  batches: ReadonlyArray<Pending>,
) {
  const group: Group = { isShared: batches.length > 1, committed: [] }
  let before: ReadonlyArray<Control> = group.isShared ? [required(relax)] : []
  for (const batch of batches) {
    const answers = yield* ask(connection, [...before, required(begin)], batch.steps.map(queryOf))
    before = [ending(batch, answers, group)]
  }
  yield* ask(connection, group.isShared ? [...before, required(restore), required(flush)] : before, [])
  if (group.committed.length > 0) yield* batchesStored(group.committed.length)
  for (const { batch, rows } of group.committed) batch.stored(rows)
})

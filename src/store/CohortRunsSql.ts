/** `CohortRuns` in the SQL database, by the index that has only the cohorts' runs. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Usage } from "../domain/Outcome.ts"
import { RunStatus } from "../domain/Run.ts"
import { type CohortRun, CohortRuns } from "./CohortRuns.ts"
import { asStoreError } from "./SqlStoreError.ts"

/** More than twice the default limit of an attempt: a run that is still `running` by then will never end. */
const longestRunMs = 15 * 60_000
/** A run becomes visible when its transaction commits, a little after its start. */
const commitMs = 2000

const RunRow = Schema.Struct({
  id: Schema.String,
  session_id: Schema.String,
  cohort: Schema.Literals(["treatment", "control"]),
  status: RunStatus,
  repeats: Schema.BooleanFromBit,
  usage: Schema.NullOr(Schema.fromJsonString(Usage)),
  created_at: Schema.Int,
  ended_at: Schema.NullOr(Schema.Int),
})
const decodeRuns = Schema.decodeUnknownEffect(Schema.Array(RunRow))
const decodeAttempts = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      run_id: Schema.String,
      attempts: Schema.Int,
      first_content_at: Schema.NullOr(Schema.Int),
    }),
  ),
)
const decodeRunning = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ created_at: Schema.Int, cohort: Schema.NullOr(Schema.String) })),
)

export const layerSql: Layer.Layer<CohortRuns, never, SqlClient.SqlClient> = Layer.effect(
  CohortRuns,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    /**
     * Runs that started before the horizon have ended, or never will. The running ones are few and have their own
     * index. With a condition on the cohort, SQLite would choose the other index and read all runs of the last
     * minutes.
     */
    const horizon = Effect.fnUntraced(function* (now: number) {
      const running = yield* decodeRunning(
        yield* sql`SELECT created_at, cohort FROM runs WHERE status = 'running'`,
      )
      const oldest = running
        .filter(({ cohort, created_at }) => cohort !== null && created_at > now - longestRunMs)
        .reduce((least, { created_at }) => Math.min(least, created_at), now)
      return Math.min(oldest, now - commitMs)
    })

    const attemptsOf = Effect.fnUntraced(function* (runIds: ReadonlyArray<string>) {
      if (runIds.length === 0) return new Map<string, never>()
      const rows = yield* decodeAttempts(
        yield* sql`SELECT run_id, COUNT(*) AS attempts, MIN(first_content_at) AS first_content_at FROM attempts
          WHERE shadow = 0 AND ${sql.in("run_id", runIds)} GROUP BY run_id`,
      )
      return new Map(rows.map((row) => [row.run_id, row]))
    })

    const read: CohortRuns["Service"]["read"] = ({ after, limit, now, since }) =>
      Effect.gen(function* () {
        const until = yield* horizon(now)
        const rows = yield* decodeRuns(
          yield* sql`SELECT r.id, r.session_id, r.cohort, r.status, r.repeats, r.usage, r.created_at, r.ended_at
            FROM runs r JOIN sessions s ON s.id = r.session_id
            WHERE r.cohort IS NOT NULL AND r.created_at < ${until} AND r.created_at >= ${after.createdAt}
              AND (r.created_at > ${after.createdAt} OR r.id > ${after.runId}) AND s.created_at >= ${since}
            ORDER BY r.created_at, r.id LIMIT ${limit}`,
        )
        const attempts = yield* attemptsOf(rows.map(({ id }) => id))
        const last = rows.length === limit ? rows.at(-1) : undefined
        const watermark =
          last === undefined
            ? {
                createdAt: Math.max(after.createdAt, until),
                runId: until > after.createdAt ? "" : after.runId,
              }
            : { createdAt: last.created_at, runId: last.id }
        return { runs: rows.map((row) => toRun(row, attempts.get(row.id), now)), watermark }
      }).pipe(asStoreError("CohortRuns.read"))

    return CohortRuns.of({ read })
  }),
)

const toRun = (
  row: typeof RunRow.Type,
  tried: { readonly attempts: number; readonly first_content_at: number | null } | undefined,
  now: number,
): CohortRun => {
  const firstContentAt = tried?.first_content_at ?? null
  return {
    sessionId: row.session_id,
    cohort: row.cohort,
    // The user did not get an answer that a restart of this service interrupted.
    status: row.status === "completed" || row.status === "cancelled" ? row.status : "failed",
    repeats: row.repeats,
    attempts: tried?.attempts ?? 0,
    firstContentMs: firstContentAt === null ? null : Math.max(0, firstContentAt - row.created_at),
    totalMs: (row.ended_at ?? now) - row.created_at,
    tokens: row.usage?.tokens ?? null,
    createdAt: row.created_at,
  }
}

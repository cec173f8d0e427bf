/** `CohortRuns` in the SQL database, by the indexes that have only the runs and ratings of the cohorts. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { lowestIdAt } from "../domain/Ids.ts"
import { Usage } from "../domain/Outcome.ts"
import { RunStatus } from "../domain/Run.ts"
import { type CohortRun, CohortRuns, noRatings } from "./CohortRuns.ts"
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
const decodeRatings = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      cohort: RunRow.fields.cohort,
      sessions: Schema.Int,
      n: Schema.Int,
      y: Schema.Int,
      nn: Schema.Int,
      ny: Schema.Int,
      yy: Schema.Int,
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

    // Ids sort by time, so the rows and both conditions come from one index.
    const ratings: CohortRuns["Service"]["ratings"] = Effect.fnUntraced(function* ({ gaps, since }) {
      const inGap = gaps.map(
        ({ from, to }) => sql`NOT (run_id >= ${lowestIdAt(from)} AND run_id < ${lowestIdAt(to + 1)})`,
      )
      const compared = sql.and([
        sql`cohort IS NOT NULL AND rating IS NOT NULL AND session_id >= ${lowestIdAt(since)}`,
        ...inGap,
      ])
      const rows = yield* decodeRatings(
        yield* sql`SELECT cohort, COUNT(*) AS sessions, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(y) AS BIGINT) AS y,
            CAST(SUM(n * n) AS BIGINT) AS nn, CAST(SUM(n * y) AS BIGINT) AS ny, CAST(SUM(y * y) AS BIGINT) AS yy
          FROM (SELECT session_id, cohort, COUNT(*) AS n, SUM(CASE WHEN rating < 0 THEN 1 ELSE 0 END) AS y
            FROM feedback WHERE ${compared} GROUP BY session_id, cohort) AS rated
          GROUP BY cohort`,
      )
      const of = (cohort: CohortRun["cohort"]) => {
        const found = rows.find((row) => row.cohort === cohort)
        if (found === undefined) return noRatings
        const { cohort: _, ...sums } = found
        return sums
      }
      return { treatment: of("treatment"), control: of("control") }
    }, asStoreError("CohortRuns.ratings"))

    return CohortRuns.of({ read, ratings })
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

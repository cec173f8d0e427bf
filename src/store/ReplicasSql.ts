/** `Replicas` in the SQL database. Each replica has one row, whose beat rises. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { RunId } from "../domain/Ids.ts"
import type { RunError } from "../domain/Run.ts"
import { type Beat, Replica, ReplicaId } from "../platform/Replica.ts"
import { Replicas } from "./Replicas.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decodeBeats = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: ReplicaId, beat: Schema.Int })),
)
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: RunId })))

export const layerSql: Layer.Layer<Replicas, never, Replica | SqlClient.SqlClient> = Layer.effect(
  Replicas,
  Effect.gen(function* () {
    const replica = yield* Replica
    const sql = yield* SqlClient.SqlClient

    const interrupted = (now: number) => sql`status = 'interrupted', ended_at = ${now},
      error = ${interruption.beforeId} || id || ${interruption.afterId}`

    const beat = Effect.suspend(
      () => sql`INSERT INTO replicas (id, beat) VALUES (${replica.id}, 1)
        ON CONFLICT (id) DO UPDATE SET beat = replicas.beat + 1`,
    ).pipe(
      Effect.andThen(sql`SELECT id, beat FROM replicas`),
      Effect.flatMap(decodeBeats),
      Effect.map((beats) => ({
        known: beats.some((one) => one.id === replica.id && one.beat > 1),
        others: beats.filter(({ id }) => id !== replica.id),
      })),
      asStoreError("Replicas.beat"),
    )

    const interruptRunsOf = Effect.fnUntraced(function* (dead: ReadonlyArray<Beat>, now: number) {
      const forget = Effect.forEach(
        dead,
        ({ beat, id }) => sql`DELETE FROM replicas WHERE id = ${id} AND beat = ${beat}`,
        { discard: true },
      )
      const orphans = sql`UPDATE runs SET ${interrupted(now)} WHERE status = 'running'
        AND (owner IS NULL OR owner NOT IN (SELECT id FROM replicas)) RETURNING id`
      return (yield* Effect.andThen(forget, orphans).pipe(sql.withTransaction)).length
    }, asStoreError("Replicas.interruptRunsOf"))

    const running = (begunBefore: number) =>
      sql`SELECT id FROM runs
        WHERE status = 'running' AND owner = ${replica.id} AND created_at < ${begunBefore}`.pipe(
        Effect.flatMap(decodeIds),
        Effect.map((rows) => rows.map(({ id }) => id)),
        asStoreError("Replicas.running"),
      )

    const interrupt = Effect.fnUntraced(function* (ids: ReadonlyArray<RunId>, now: number) {
      if (ids.length === 0) return
      yield* sql`UPDATE runs SET ${interrupted(now)} WHERE ${sql.in("id", ids)} AND status = 'running'`
    }, asStoreError("Replicas.interrupt"))

    const retire = Effect.fnUntraced(function* (now: number) {
      yield* sql`DELETE FROM replicas WHERE id = ${replica.id}`.pipe(
        Effect.andThen(
          sql`UPDATE runs SET ${interrupted(now)} WHERE status = 'running' AND owner = ${replica.id}`,
        ),
        sql.withTransaction,
      )
    }, asStoreError("Replicas.retire"))

    const exclusive = sql.onDialectOrElse({ sqlite: () => true, orElse: () => false })
    return Replicas.of({ exclusive, beat, interruptRunsOf, running, interrupt, retire })
  }),
)

/**
 * The error of a run whose process is gone, as JSON around the run's id, so that one statement writes it to all runs.
 */
const interruption = (() => {
  const error = {
    code: "RUN_INTERRUPTED",
    message: "The server stopped while this answer was being written. Send the message again.",
    recoverable: true,
  } satisfies Omit<RunError, "runId">
  return { beforeId: `${JSON.stringify(error).slice(0, -1)},"runId":"`, afterId: `"}` }
})()

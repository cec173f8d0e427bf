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
import { listOrNull } from "./TurnRows.ts"

const decodeBeats = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: ReplicaId, beat: Schema.Int })),
)
const decodeIds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ id: RunId })))

export const layerSql: Layer.Layer<Replicas, never, Replica | SqlClient.SqlClient> = Layer.effect(
  Replicas,
  Effect.gen(function* () {
    const replica = yield* Replica
    const sql = yield* SqlClient.SqlClient

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

    const remove = Effect.fnUntraced(function* (dead: ReadonlyArray<Beat>) {
      for (const { beat, id } of dead) yield* sql`DELETE FROM replicas WHERE id = ${id} AND beat = ${beat}`
      // With an ORDER BY, SQLite would read all runs in the order of their ids.
      const orphans = yield* decodeIds(
        yield* sql`SELECT id FROM runs WHERE status = 'running'
          AND (owner IS NULL OR owner NOT IN (SELECT id FROM replicas))`,
      )
      return orphans.map(({ id }) => id).toSorted()
    }, asStoreError("Replicas.remove"))

    const running = (begunBefore: number) =>
      sql`SELECT id FROM runs
        WHERE status = 'running' AND owner = ${replica.id} AND created_at < ${begunBefore}`.pipe(
        Effect.flatMap(decodeIds),
        Effect.map((rows) => rows.map(({ id }) => id)),
        asStoreError("Replicas.running"),
      )

    const interrupt: Replicas["Service"]["interrupt"] = (id, { content, id: messageId, parts }, now) =>
      Effect.gen(function* () {
        const ended = yield* sql`UPDATE runs SET status = 'interrupted', ended_at = ${now},
          error = ${JSON.stringify(interruption(id))} WHERE id = ${id} AND status = 'running' RETURNING id`
        if (ended.length === 0) return false
        yield* sql`INSERT INTO messages
          (id, session_id, run_id, role, content, parent_message_id, created_at, parts, deleted_at, seq)
          SELECT ${messageId}, session_id, id, 'assistant', ${JSON.stringify(content)}, user_message_id,
            ${now}, ${listOrNull(parts)}, deleted_at,
            (SELECT COALESCE(MAX(seq), 0) + 1 FROM messages m WHERE m.session_id = runs.session_id)
          FROM runs WHERE id = ${id}`
        return true
      }).pipe(sql.withTransaction, asStoreError("Replicas.interrupt"))

    const retire = Effect.asVoid(sql`DELETE FROM replicas WHERE id = ${replica.id}`).pipe(
      asStoreError("Replicas.retire"),
    )

    const exclusive = sql.onDialectOrElse({ sqlite: () => true, orElse: () => false })
    return Replicas.of({ exclusive, beat, remove, running, interrupt, retire })
  }),
)

/** The error of a run whose process is gone. */
const interruption = (runId: RunId): RunError => ({
  code: "RUN_INTERRUPTED",
  message: "The server stopped while this answer was being written. Send the message again.",
  recoverable: true,
  runId,
})

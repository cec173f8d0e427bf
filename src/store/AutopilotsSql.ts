/** `Autopilots` in the SQL database: one row each, guarded by its version. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { AutopilotState } from "../domain/Autopilot.ts"
import * as AuditSql from "./AuditSql.ts"
import { type Autopilot, Autopilots, type StoredAutopilot } from "./Autopilots.ts"
import { asStoreError } from "./SqlStoreError.ts"

const AutopilotRow = Schema.Struct({
  id: Schema.String,
  version: Schema.Int,
  state: Schema.fromJsonString(AutopilotState),
  samples: Schema.fromJsonString(Schema.Json),
  watermark_at: Schema.Int,
  watermark_id: Schema.String,
})
const decode = Schema.decodeUnknownEffect(Schema.Array(AutopilotRow))
const encode = Schema.encodeEffect(AutopilotRow)

const rowOf = (id: string, version: number, { samples, state, watermark }: Autopilot) =>
  encode({
    id,
    version,
    state,
    samples,
    watermark_at: watermark.createdAt,
    watermark_id: watermark.runId,
  })

export const layerSql: Layer.Layer<Autopilots, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
  Layer.effect(
    Autopilots,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const ids = yield* SecureRandom.SecureRandom
      const audit = yield* AuditSql.write

      const latest = Effect.suspend(() => sql`SELECT * FROM autopilots ORDER BY id DESC LIMIT 1`).pipe(
        Effect.flatMap(decode),
        Effect.map(([row]): StoredAutopilot | undefined => {
          if (row === undefined) return undefined
          const { watermark_at, watermark_id, ...rest } = row
          return { ...rest, watermark: { createdAt: watermark_at, runId: watermark_id } }
        }),
        asStoreError("Autopilots.latest"),
      )

      const begin: Autopilots["Service"]["begin"] = Effect.fnUntraced(function* (autopilot, change) {
        const id = yield* ids.uuidV7()
        yield* sql`INSERT INTO autopilots ${sql.insert(yield* rowOf(id, 1, autopilot))}`.pipe(
          Effect.andThen(audit(change)),
          sql.withTransaction,
        )
        return { id, version: 1, ...autopilot }
      }, asStoreError("Autopilots.begin"))

      const save: Autopilots["Service"]["save"] = Effect.fnUntraced(function* (
        { id, version },
        autopilot,
        change,
      ) {
        const row = yield* rowOf(id, version + 1, autopilot)
        return yield* sql`UPDATE autopilots SET ${sql.update(row, ["id"])}
          WHERE id = ${id} AND version = ${version} RETURNING id`.pipe(
          Effect.map((rows) => (rows.length === 0 ? undefined : { id, version: version + 1, ...autopilot })),
          Effect.tap((saved) => (saved === undefined || change === undefined ? Effect.void : audit(change))),
          sql.withTransaction,
        )
      }, asStoreError("Autopilots.save"))

      return Autopilots.of({ latest, begin, save })
    }),
  )

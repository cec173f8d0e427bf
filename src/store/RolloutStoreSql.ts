/** `RolloutStore` in the SQL database: the one row that the migration created. */
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { OperatorSettings } from "../domain/RolloutSettings.ts"
import type { Change } from "./Audit.ts"
import * as AuditSql from "./AuditSql.ts"
import { RolloutStore } from "./RolloutStore.ts"
import { RolloutRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decodeRows = Schema.decodeUnknownEffect(Schema.Array(RolloutRow))
const encodeOperator = Schema.encodeEffect(RolloutRow.fields.operator)

export const layerSql: Layer.Layer<RolloutStore, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
  Layer.effect(
    RolloutStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const audit = yield* AuditSql.write
      const first = (rows: ReadonlyArray<unknown>) => Effect.map(decodeRows(rows), (found) => found[0])

      const load = Effect.suspend(() => sql`SELECT version, operator FROM rollout`).pipe(
        Effect.flatMap(first),
        Effect.map((found) => found ?? { version: 0, operator: {} }),
        asStoreError("RolloutStore.load"),
      )

      const changedSince: RolloutStore["Service"]["changedSince"] = (version) =>
        Effect.flatMap(sql`SELECT version, operator FROM rollout WHERE version <> ${version}`, first).pipe(
          asStoreError("RolloutStore.changedSince"),
        )

      const save: RolloutStore["Service"]["save"] = Effect.fnUntraced(function* (
        base: number,
        operator: OperatorSettings,
        change: Change,
      ) {
        const json = yield* encodeOperator(operator)
        const update = sql`UPDATE rollout SET version = version + 1, operator = ${json}
        WHERE version = ${base} RETURNING version, operator`
        return yield* Effect.flatMap(update, first).pipe(
          Effect.tap((saved) => (saved === undefined ? Effect.void : audit(change))),
          sql.withTransaction,
        )
      }, asStoreError("RolloutStore.save"))

      return RolloutStore.of({ load, changedSince, save })
    }),
  )

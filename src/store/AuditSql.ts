/** `Audit` in the SQL database. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { AuditEntry, AuditId } from "../domain/AuditEntry.ts"
import { Audit, type Change } from "./Audit.ts"
import * as PageSql from "./PageSql.ts"
import { AuditRow } from "./SqlRows.ts"
import { asStoreError } from "./SqlStoreError.ts"

const decode = Schema.decodeUnknownEffect(Schema.Array(AuditRow))
const encode = Schema.encodeEffect(AuditRow)

/** Writes an entry, for stores whose own change must be in the same transaction. */
export const write = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const ids = yield* SecureRandom.SecureRandom
  return Effect.fnUntraced(function* (change: Change) {
    const entry: AuditEntry = { id: AuditId.make(yield* ids.uuidV7()), ...change }
    yield* sql`INSERT INTO audit ${sql.insert(yield* encode(entry))}`
  })
})

export const layerSql: Layer.Layer<Audit, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
  Layer.effect(
    Audit,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const insert = yield* write
      const add = (change: Change) => asStoreError("Audit.add")(insert(change))
      const list: Audit["Service"]["list"] = Effect.fnUntraced(function* ({ before, limit }) {
        const of = {
          table: "audit",
          keys: ["id"],
          direction: "DESC",
          where: sql.and(before === undefined ? [] : [sql`id < ${before}`]),
          texts: ["actor", "reason", "before", "after"],
          limit,
        } as const
        return yield* PageSql.page(sql, of, decode, ({ id }) => id)
      }, asStoreError("Audit.list"))
      return Audit.of({ add, list })
    }),
  )

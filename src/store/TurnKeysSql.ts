/** `TurnKeys` in the SQL database, and the statement with which a turn takes its key. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { RunId } from "../domain/Ids.ts"
import type { Run } from "../domain/Run.ts"
import { type TurnKey, turnKeyLifeMs } from "../domain/TurnKey.ts"
import type { Step } from "../persistence/Batch.ts"
import { asStoreError } from "./SqlStoreError.ts"
import { TurnKeys, TurnKeyTaken } from "./TurnKeys.ts"

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ run_id: RunId, request: Schema.String })),
)

/** The key decides between concurrent turns: the database gives it to one of them. An expired key is free again. */
export const take = (sql: SqlClient.SqlClient, { key, request }: TurnKey, run: Run): Step<TurnKeyTaken> => {
  const row = { key, request, run_id: run.id, created_at: run.createdAt }
  return {
    statement: sql`INSERT INTO idempotency_keys ${sql.insert(row)} ON CONFLICT (key) DO UPDATE
      SET request = excluded.request, run_id = excluded.run_id, created_at = excluded.created_at
      WHERE idempotency_keys.created_at <= ${run.createdAt - turnKeyLifeMs} RETURNING key`,
    orFail: () => new TurnKeyTaken(),
  }
}

export const layerSql: Layer.Layer<TurnKeys, never, SqlClient.SqlClient> = Layer.effect(
  TurnKeys,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const find: TurnKeys["Service"]["find"] = Effect.fnUntraced(function* (key) {
      const since = (yield* Clock.currentTimeMillis) - turnKeyLifeMs
      const [found] = yield* decode(
        yield* sql`SELECT run_id, request FROM idempotency_keys WHERE key = ${key} AND created_at > ${since}`,
      )
      return found === undefined ? undefined : { runId: found.run_id, request: found.request }
    }, asStoreError("TurnKeys.find"))
    return TurnKeys.of({ find })
  }),
)

/** `TokenSpend` in the SQL database, and the statement with which the end of a run counts its tokens. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { RunId } from "../domain/Ids.ts"
import type { Step } from "../persistence/Batch.ts"
import { asStoreError } from "./SqlStoreError.ts"
import { type Spent, TokenSpend } from "./TokenSpend.ts"

/** Runs before the run's end and only while the run is running, so a repeat after an unknown outcome counts once. */
export const count = (sql: SqlClient.SqlClient, runId: RunId, { day, tokens }: Spent): Step => ({
  statement: sql`INSERT INTO token_spend (day, org_id, user_id, tokens)
    SELECT CAST(${day} AS BIGINT), org_id, user_id, CAST(${tokens} AS BIGINT) FROM runs
    WHERE id = ${runId} AND status = 'running'
    ON CONFLICT (day, org_id, user_id) DO UPDATE SET tokens = token_spend.tokens + excluded.tokens`,
})

const decode = Schema.decodeUnknownEffect(Schema.NonEmptyArray(Schema.Struct({ tokens: Schema.Int })))

export const layerSql: Layer.Layer<TokenSpend, never, SqlClient.SqlClient> = Layer.effect(
  TokenSpend,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const spent: TokenSpend["Service"]["spent"] = Effect.fnUntraced(function* (day, orgId, userId) {
      const ofUser = userId === undefined ? sql`` : sql`AND user_id = ${userId}`
      const [{ tokens }] = yield* decode(
        yield* sql`SELECT CAST(COALESCE(SUM(tokens), 0) AS BIGINT) AS tokens FROM token_spend
          WHERE day = ${day} AND org_id = ${orgId} ${ofUser}`,
      )
      return tokens
    }, asStoreError("TokenSpend.spent"))
    const add: TokenSpend["Service"]["add"] = Effect.fnUntraced(function* (
      { day, tokens },
      { orgId, userId },
    ) {
      yield* sql`INSERT INTO token_spend ${sql.insert({ day, org_id: orgId, user_id: userId, tokens })}
        ON CONFLICT (day, org_id, user_id) DO UPDATE SET tokens = token_spend.tokens + excluded.tokens`
    }, asStoreError("TokenSpend.add"))
    return TokenSpend.of({ spent, add })
  }),
)

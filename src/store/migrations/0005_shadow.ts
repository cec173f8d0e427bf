/** Adds pairs of shadow runs and their cost. A pair outlives its run, so it does not refer to it. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  `CREATE TABLE shadow_pairs (
    run_id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    primary_mode TEXT NOT NULL,
    shadow_mode TEXT NOT NULL,
    primary_outcome TEXT NOT NULL,
    shadow_outcome TEXT NOT NULL,
    primary_side TEXT NOT NULL,
    shadow_side TEXT NOT NULL,
    distances TEXT NOT NULL,
    differs TEXT NOT NULL,
    judgement TEXT,
    created_at BIGINT NOT NULL
  )`,
  `CREATE TABLE shadow_ledger (
    hour BIGINT NOT NULL,
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    ending TEXT NOT NULL,
    runs BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    estimated_tokens BIGINT NOT NULL,
    PRIMARY KEY (hour, org_id, agent_id, mode, ending)
  )`,
]

export const shadow = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true }),
)

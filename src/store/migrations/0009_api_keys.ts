/**
 * Adds API keys. Only the hash of a key is stored. Revocations are numbered in commit order: each locks the single
 * row of `api_key_revocations`, so a replica that reads those after a number misses none.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const schema = [
  `CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    prefix TEXT NOT NULL,
    permissions TEXT NOT NULL,
    agents TEXT,
    rate_per_minute INTEGER,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    created_with TEXT,
    revoked_at BIGINT,
    revocation BIGINT,
    last_used_at BIGINT
  )`,
  `CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (hash)`,
  `CREATE INDEX api_keys_by_org ON api_keys (org_id, id)`,
  `CREATE INDEX api_keys_by_revocation ON api_keys (revocation) WHERE revocation IS NOT NULL`,
  `CREATE TABLE api_key_revocations (
    last BIGINT NOT NULL
  )`,
  `INSERT INTO api_key_revocations (last) VALUES (0)`,
]

export const apiKeys = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true }),
)

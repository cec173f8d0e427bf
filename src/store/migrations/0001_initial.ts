/**
 * The first schema. Columns that hold text or data of others (`content`, `settings`, `filename`, …) hold JSON, so
 * that a NUL character, which PostgreSQL's TEXT refuses, survives. No foreign key refers to agents, because a session
 * outlives its agent. Indexes serve the stores' queries only.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { type AgentSettings, defaultAgentId } from "../../domain/Agent.ts"

const schema = [
  `CREATE TABLE agents (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  `CREATE INDEX agents_by_org ON agents (org_id, created_at, id)`,
  `CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  `CREATE INDEX sessions_by_user ON sessions (org_id, user_id, id)`,
  `CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    user_message_id TEXT NOT NULL,
    assistant_message_id TEXT,
    status TEXT NOT NULL,
    decision TEXT NOT NULL,
    execution_mode TEXT,
    error TEXT,
    usage TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
  )`,
  `CREATE INDEX runs_running ON runs (id) WHERE status = 'running'`,
  `CREATE TABLE messages (
    id TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    parent_message_id TEXT,
    execution_mode TEXT,
    created_at BIGINT NOT NULL
  )`,
  `CREATE INDEX messages_by_session ON messages (session_id, created_at, id)`,
  `CREATE TABLE attempts (
    run_id TEXT NOT NULL REFERENCES runs (id),
    number INTEGER NOT NULL,
    shadow INTEGER NOT NULL,
    mode TEXT NOT NULL,
    target TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    first_progress_at BIGINT,
    first_content_at BIGINT,
    ended_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    usage TEXT,
    PRIMARY KEY (run_id, shadow, number)
  )`,
  `CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
  )`,
  `CREATE TABLE run_files (
    run_id TEXT NOT NULL REFERENCES runs (id),
    file_id TEXT NOT NULL,
    path TEXT NOT NULL,
    filename TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    PRIMARY KEY (run_id, file_id)
  )`,
]

const assistant: AgentSettings = {
  name: "Assistant",
  active: true,
  systemPrompt:
    "You are a helpful assistant. Answer clearly and briefly, in the user's language, and say so when you do not know.",
  mcpServers: [],
  subAgents: [],
}

export const initial = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true })
  const now = yield* Clock.currentTimeMillis
  yield* sql`INSERT INTO agents ${sql.insert({
    id: defaultAgentId,
    org_id: null,
    settings: JSON.stringify(assistant),
    created_at: now,
    updated_at: now,
  })}`
})

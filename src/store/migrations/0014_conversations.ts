/**
 * Adds the data of conversations: the parts and attachments of messages, pinned and archived sessions, deletions that
 * can be taken back for a while, feedback, uploaded files, and the erasures of users and organisations.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { searchTables } from "./SearchTables.ts"

const schema = [
  `ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0`,
  `ALTER TABLE sessions ADD COLUMN archived INTEGER NOT NULL DEFAULT 0`,
  // The origin of the title: 'message', 'model' or 'user'.
  `ALTER TABLE sessions ADD COLUMN title_source TEXT NOT NULL DEFAULT 'message'`,
  // The search finds the start of a first message as a message, so only a changed title is indexed.
  `ALTER TABLE sessions ADD COLUMN title_indexed INTEGER NOT NULL DEFAULT 1`,
  `ALTER TABLE sessions ADD COLUMN deleted_at BIGINT`,
  `CREATE INDEX sessions_by_activity ON sessions (org_id, user_id, archived, pinned, updated_at, id)
    WHERE deleted_at IS NULL`,
  `ALTER TABLE messages ADD COLUMN parts TEXT`,
  `ALTER TABLE messages ADD COLUMN attachments TEXT`,
  `ALTER TABLE messages ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0`,
  `ALTER TABLE messages ADD COLUMN deleted_at BIGINT`,
  `CREATE INDEX messages_by_parent ON messages (parent_message_id) WHERE parent_message_id IS NOT NULL`,
  // A message that followed this one was deleted. The agent may remember it, also after the purge.
  `ALTER TABLE messages ADD COLUMN forked INTEGER NOT NULL DEFAULT 0`,
  `ALTER TABLE runs ADD COLUMN deleted_at BIGINT`,
  `CREATE INDEX runs_by_session ON runs (session_id, id)`,
  `CREATE INDEX runs_by_org ON runs (org_id, id)`,
  `CREATE INDEX runs_by_user ON runs (org_id, user_id, id)`,
  `CREATE INDEX runs_by_trace ON runs (trace_id) WHERE trace_id IS NOT NULL`,
  // `rating` is 1 or -1. `replaced_rating` is the one before the last write: 0 for none, null for a first write. `cohort`
  // is that of the run.
  `CREATE TABLE feedback (
    message_id TEXT NOT NULL PRIMARY KEY,
    run_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    cohort TEXT,
    rating INTEGER,
    replaced_rating INTEGER,
    score DOUBLE PRECISION,
    comment TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  `CREATE INDEX feedback_by_run ON feedback (run_id)`,
  `CREATE INDEX feedback_by_user ON feedback (org_id, user_id)`,
  // The autopilot reads the index alone, every two seconds.
  `CREATE INDEX feedback_of_cohorts ON feedback (session_id, run_id, cohort, rating)
    WHERE cohort IS NOT NULL AND rating IS NOT NULL`,
  // A file without a message is an upload that no message has used yet.
  `CREATE TABLE files (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT,
    message_id TEXT,
    filename TEXT NOT NULL,
    media_type TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
  )`,
  `CREATE INDEX files_by_user ON files (org_id, user_id, id)`,
  `CREATE INDEX files_by_message ON files (message_id)`,
  `CREATE INDEX files_unused ON files (org_id, user_id, created_at, bytes) WHERE message_id IS NULL AND deleted_at IS NULL`,
  `CREATE INDEX files_of_org ON files (org_id, bytes) WHERE deleted_at IS NULL`,
  // Without a user: the whole organisation.
  `CREATE TABLE erasures (
    id TEXT NOT NULL PRIMARY KEY,
    org_id TEXT NOT NULL,
    user_id TEXT,
    requested_by TEXT NOT NULL,
    status TEXT NOT NULL,
    progress TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT
  )`,
  `CREATE INDEX erasures_by_org ON erasures (org_id, id)`,
  // A user or an organisation has one erasure at a time.
  `CREATE UNIQUE INDEX erasures_active ON erasures (org_id, COALESCE(user_id, '')) WHERE ended_at IS NULL`,
  // The ids that users have deleted, so that a repeated deletion succeeds after the purge too.
  `CREATE TABLE deletions (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, id)
  )`,
  `CREATE INDEX deletions_by_age ON deletions (at)`,
  // The queues of the purge. Rows that are not deleted are not in them.
  `CREATE INDEX sessions_deleted ON sessions (deleted_at) WHERE deleted_at IS NOT NULL`,
  `CREATE INDEX messages_deleted ON messages (deleted_at) WHERE deleted_at IS NOT NULL`,
  `CREATE INDEX runs_deleted ON runs (deleted_at) WHERE deleted_at IS NOT NULL`,
  `CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL`,
  // The database looks for these rows when it deletes a run.
  `CREATE INDEX messages_by_run ON messages (run_id)`,
  `CREATE INDEX idempotency_keys_by_run ON idempotency_keys (run_id)`,
  // A deleted session frees the id that its client chose.
  `DROP INDEX sessions_by_client_key`,
  `CREATE UNIQUE INDEX sessions_by_client_key ON sessions (client_key)
    WHERE client_key IS NOT NULL AND deleted_at IS NULL`,
]

export const conversations = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.andThen(
    Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true }),
    searchTables,
  ),
)

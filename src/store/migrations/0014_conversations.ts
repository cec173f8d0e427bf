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
  `CREATE INDEX messages_by_parent ON messages (parent_message_id)`,
  `ALTER TABLE runs ADD COLUMN deleted_at BIGINT`,
  `CREATE INDEX runs_by_session ON runs (session_id, id)`,
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
]

export const conversations = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.andThen(
    Effect.forEach(schema, (statement) => sql.unsafe(statement), { discard: true }),
    searchTables,
  ),
)

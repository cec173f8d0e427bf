/**
 * The tables of the search, for `0014_conversations`. `search_docs` has a row for each message and for each title that
 * is not the start of a message; a deleted message or session takes its rows along. Its words are in a column with a
 * GIN index on PostgreSQL, and in a table of FTS5 on SQLite.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

const docs = (id: string, words: string) => `CREATE TABLE search_docs (
    id ${id} PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    message_id TEXT UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    at BIGINT NOT NULL${words}
  )`

const shared = [
  `CREATE INDEX search_docs_by_session ON search_docs (session_id)`,
  `CREATE INDEX messages_unindexed ON messages (id) WHERE indexed = 0`,
  `CREATE INDEX sessions_unindexed ON sessions (id) WHERE title_indexed = 0`,
]

/** Each statement that changes a title, of any version of the program, makes the indexer read the title again. */
const retitledPostgres = [
  `CREATE FUNCTION title_changed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.title_indexed := 0; RETURN NEW; END $$`,
  `CREATE TRIGGER sessions_retitled BEFORE UPDATE OF title ON sessions
    FOR EACH ROW WHEN (OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION title_changed()`,
]
const retitledSqlite = `CREATE TRIGGER sessions_retitled AFTER UPDATE OF title ON sessions WHEN OLD.title IS NOT NEW.title
    BEGIN UPDATE sessions SET title_indexed = 0 WHERE id = NEW.id; END`

const postgres = [
  docs("BIGINT GENERATED ALWAYS AS IDENTITY", `, words tsvector NOT NULL`),
  ...shared,
  // A list of pending entries would make each search read up to 4 MiB of other users' words. Without it an insert
  // costs more, but the words of one message are neighbours in the index.
  `CREATE INDEX search_docs_by_words ON search_docs USING gin (words) WITH (fastupdate = off)`,
  // Each user has words of their own, so that a list of the most common ones is useless.
  `ALTER TABLE search_docs ALTER COLUMN words SET STATISTICS 0`,
  ...retitledPostgres,
]

const sqlite = [
  docs("INTEGER", ""),
  ...shared,
  // Tokens have no ASCII character but lower-case letters and digits. `detail=none`: the index has no positions.
  `CREATE VIRTUAL TABLE search_words USING fts5(words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii')`,
  // An automatic merge of segments takes up to 50 ms. Each step of the indexer merges a little instead.
  `INSERT INTO search_words (search_words, rank) VALUES ('automerge', 0)`,
  `CREATE TRIGGER search_docs_deleted AFTER DELETE ON search_docs
    BEGIN DELETE FROM search_words WHERE rowid = OLD.id; END`,
  retitledSqlite,
]

export const searchTables = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.forEach(
    sql.onDialectOrElse({ pg: () => postgres, orElse: () => sqlite }),
    (statement) => sql.unsafe(statement),
    { discard: true },
  ),
)

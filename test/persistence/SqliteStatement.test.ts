import { assert, describe, it } from "@effect/vitest"
import { isMaintenance, mayWrite } from "../../src/persistence/SqliteStatement.ts"

const reads = [
  "SELECT 1",
  "select*from t",
  "\n\t SELECT id FROM t",
  "VALUES (1)",
  "EXPLAIN QUERY PLAN DELETE FROM t",
  "WITH a AS (SELECT 1 AS updated) SELECT updated FROM a",
  "with recursive a(x) as (values (1)) select x from a",
]

const writes = [
  "INSERT INTO t VALUES (1)",
  "insert into t select 1",
  "UPDATE t SET a = 1 RETURNING a",
  "DELETE FROM t",
  "REPLACE INTO t VALUES (1)",
  "\n  WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
  "with a as (select 1)\nupdate t set b = 1 where id in a returning b",
  "WITH a AS (SELECT 1) DELETE FROM t WHERE id IN a",
  "WITH a AS (SELECT 1) REPLACE INTO t SELECT * FROM a",
  "WITH a AS (SELECT 1)/* a comment */DELETE FROM t",
  "CREATE TABLE t (a)",
  "DROP TABLE t",
  "ALTER TABLE t ADD b",
  "REINDEX",
  "ANALYZE",
  "ATTACH 'x' AS y",
  "VACUUM",
  "PRAGMA user_version = 1",
  "PRAGMA user_version(1)",
  "PRAGMA optimize",
  "pragma incremental_vacuum",
  "PRAGMA wal_checkpoint(TRUNCATE)",
  "COMMIT",
  "END",
  "BEGIN IMMEDIATE",
  "RELEASE SAVEPOINT a",
]

const unknown = [
  "",
  "/* a comment */ SELECT 1",
  "-- a comment\nSELECT 1",
  "/* SELECT */ DELETE FROM t",
  "-- SELECT\nDELETE FROM t",
  ";SELECT 1",
  "selection",
  "without",
]

describe("a statement of SQLite", () => {
  it.each(reads)("waits for no disk if it only reads: %j", (sql) => {
    assert.isFalse(mayWrite(sql))
  })

  it.each(writes)("may write: %j", (sql) => {
    assert.isTrue(mayWrite(sql))
  })

  it.each(unknown)("counts as a write if its first word is not known: %j", (sql) => {
    assert.isTrue(mayWrite(sql))
  })

  it.each(["VACUUM", " vacuum", "PRAGMA wal_checkpoint(TRUNCATE)", "pragma  wal_checkpoint"])(
    "is maintenance: %j",
    (sql) => {
      assert.isTrue(isMaintenance(sql))
    },
  )

  it.each(["SELECT 1", "PRAGMA user_version", "PRAGMA wal_autocheckpoint = 0", "vacuums"])(
    "is no maintenance: %j",
    (sql) => {
      assert.isFalse(isMaintenance(sql))
    },
  )
})

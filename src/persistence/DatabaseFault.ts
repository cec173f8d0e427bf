/**
 * Recognises errors that mean the database cannot work at all: it is read-only, full, shutting down, or accepts no
 * connection. An error of one statement (a constraint, a deadlock) is not one of them. Pure.
 */
import { hasProperty } from "effect/Predicate"
import { isSqlError } from "effect/sql/SqlError"

/**
 * Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, authorization, missing
 * database, insufficient resources, shutdown, system and internal errors; read-only, and no privilege.
 */
const ofPostgres = /^(08|28|3D|53|57P|58|XX)|^(25006|42501)$/

/** Primary result codes of https://www.sqlite.org/rescode.html: PERM, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
const ofSqlite: ReadonlySet<number> = new Set([3, 7, 8, 10, 11, 13, 14, 26])
const primary = 0xff

/** The server accepts no writes, or none from this connection: 25006 `read_only_sql_transaction`. */
export const isReadOnly = (error: unknown): boolean => sqlStateOf(error) === "25006"

/** The SQLSTATE of PostgreSQL's error. */
export const sqlStateOf = (error: unknown): string | undefined => {
  const cause = isSqlError(error) ? error.reason.cause : undefined
  return hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined
}

/** True if the error concerns the whole database. */
export const isFault = (error: unknown): boolean => {
  if (!isSqlError(error)) return false
  if (error.reason._tag === "ConnectionError" || error.reason._tag === "AuthenticationError") return true
  const { cause } = error.reason
  if (hasProperty(cause, "errcode") && typeof cause.errcode === "number")
    return ofSqlite.has(cause.errcode & primary)
  return ofPostgres.test(sqlStateOf(error) ?? "")
}

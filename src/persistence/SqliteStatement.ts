/** The kinds of SQLite's statements, by their text. Pure. */

/**
 * Any other text counts as a write, also one that begins with a comment: its wait for the disk is then superfluous, but never
 * missing. A pragma may write even without a value, as `PRAGMA optimize` does.
 */
const reads = /^\s*(select|values|explain)\b/i
const common = /^\s*with\b/i
const change = /\b(insert|update|delete|replace)\b/i

/** True if the statement may change the database. */
export const mayWrite = (sql: string): boolean => !reads.test(sql) && !(common.test(sql) && !change.test(sql))

/** True if it copies the database or its log, which takes as long as these are large. */
export const isMaintenance = (sql: string): boolean => /^\s*(vacuum|pragma\s+wal_checkpoint)\b/i.test(sql)

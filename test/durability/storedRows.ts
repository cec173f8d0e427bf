/** The stored state that acknowledgements are about, read from a data folder, and the faults of its database. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

export interface StoredRows {
  /** The content by `<run id> <role>`, without deleted messages. */
  readonly messages: ReadonlyMap<string, string>
  /** Status by id. */
  readonly runs: ReadonlyMap<string, string>
  /** Title by id, without deleted sessions. */
  readonly sessions: ReadonlyMap<string, string>
  /** Bytes by id, of stored files with a row. */
  readonly files: ReadonlyMap<string, Buffer>
  /** The key that seals stored credentials. */
  readonly dataKey: string
}

type Texts = ReadonlyArray<Readonly<Record<string, string>>>

/** `thorough`: also checks that each index agrees with its table, which takes several times as long. */
export const readStored = (
  folder: string,
  thorough: boolean,
): { readonly faults: ReadonlyArray<string>; readonly rows: StoredRows } => {
  const database = new DatabaseSync(join(folder, "crossfade.db"), { readOnly: true })
  try {
    const all = (sql: string) => database.prepare(sql).all() as Texts
    const check = thorough ? "integrity_check" : "quick_check"
    const faults = [
      ...all(`PRAGMA ${check}`).flatMap((row) => (row[check] === "ok" ? [] : [`${check}: ${row[check]}`])),
      ...all("PRAGMA foreign_key_check").map((row) => `foreign_key_check: ${JSON.stringify(row)}`),
    ]
    // A crash in the first moments leaves no table.
    const tables = new Set(all("SELECT name FROM sqlite_master").map(({ name }) => name))
    if (!tables.has("files")) return { faults, rows: noRows }
    return { faults: [...faults, ...halfTurns(all)], rows: rowsOf(folder, all) }
  } catch (cause) {
    return { faults: [`cannot be read: ${String(cause)}`], rows: noRows }
  } finally {
    database.close()
  }
}

const noRows: StoredRows = {
  messages: new Map(),
  runs: new Map(),
  sessions: new Map(),
  files: new Map(),
  dataKey: "",
}

const rowsOf = (folder: string, all: (sql: string) => Texts): StoredRows => {
  const messages = all("SELECT run_id, role, content FROM messages WHERE deleted_at IS NULL")
  const runs = all("SELECT id, status FROM runs")
  const sessions = all("SELECT id, title FROM sessions WHERE deleted_at IS NULL")
  const files = all("SELECT id FROM files WHERE deleted_at IS NULL").flatMap(({ id }) => {
    const path = join(folder, "files", id!.slice(-2), id!)
    return existsSync(path) ? [[id!, readFileSync(path)] as const] : []
  })
  return {
    messages: new Map(messages.map(({ content, role, run_id }) => [`${run_id} ${role}`, textIn(content!)])),
    runs: new Map(runs.map(({ id, status }) => [id!, status!])),
    sessions: new Map(sessions.map(({ id, title }) => [id!, textIn(title!)])),
    files: new Map(files),
    dataKey: existsSync(join(folder, "data-key")) ? readFileSync(join(folder, "data-key"), "utf8") : "",
  }
}

/** Text from outside is stored as JSON text. */
const textIn = (stored: string): string => JSON.parse(stored) as string

/** A turn's rows are written together, so a part of them is a fault. */
const halfTurns = (all: (sql: string) => Texts): ReadonlyArray<string> => [
  ...all(`SELECT id FROM runs r WHERE deleted_at IS NULL AND NOT EXISTS
    (SELECT 1 FROM messages m WHERE m.id = r.user_message_id)`).map(({ id }) => `run ${id} has no question`),
  ...all(`SELECT id FROM runs r WHERE deleted_at IS NULL AND status = 'completed' AND NOT EXISTS
    (SELECT 1 FROM messages m WHERE m.id = r.assistant_message_id)`).map(
    ({ id }) => `run ${id} has no answer`,
  ),
  ...all(`SELECT run_id FROM messages WHERE role = 'assistant' AND forked = 0 GROUP BY run_id
    HAVING COUNT(*) > 1`).map(({ run_id }) => `run ${run_id} has two answers`),
]

/** Files of a data folder by their paths within it, without those that a process rebuilds at its start. */
export const filesOf = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !isRebuilt(entry.name))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(folder.length + 1), readFileSync(path)] as const
      }),
  )

/** SQLite rebuilds the index of its log: https://www.sqlite.org/walformat.html#the_wal_index_file_format */
export const isRebuilt = (name: string): boolean => name.endsWith("-shm")

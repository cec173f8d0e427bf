/** Opens SQLite's database and the parts that work on its files. At the end, the last connection copies the log and removes it. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { DatabaseSync } from "node:sqlite"
import * as CheckpointThread from "./CheckpointThread.ts"
import { loadSqlite } from "./LoadSqlite.ts"
import * as LogSync from "./LogSync.ts"
import { sqlError } from "./SqliteCalls.ts"
import * as SqliteLog from "./SqliteLog.ts"

export interface Opened {
  readonly database: DatabaseSync
  readonly sync: LogSync.LogSync
  /** Undefined in memory. */
  readonly disk: Disk | undefined
}

export interface Disk {
  readonly log: SqliteLog.SqliteLog
  readonly thread: CheckpointThread.CheckpointThread
  /** A descriptor of the database. It closes after all connections, because its end releases their locks. */
  readonly file: number
}

/** The longest wait for another process that locks the file; the whole service blocks during it. */
const busyTimeoutMillis = 250

export const open = (filename: string): Effect.Effect<Opened, SqlError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.try({
        try: () => (filename === ":memory:" ? inMemory() : onDisk(filename, context)),
        catch: (cause) => sqlError("open", cause),
      }),
    ),
    ({ database, disk, sync }) =>
      Effect.gen(function* () {
        yield* Effect.ignore(sync.durable)
        database.close()
        if (disk === undefined) return
        yield* disk.thread.close
        disk.log.close()
        Fs.closeSync(disk.file)
      }),
  )

const inMemory = (): Opened => ({ database: connected(":memory:"), sync: LogSync.none, disk: undefined })

const onDisk = (filename: string, context: Context.Context<never>): Opened => {
  const isNew = !Fs.existsSync(filename)
  const folder = Path.dirname(Path.resolve(filename))
  // The file holds conversations and credentials of MCP servers, so only its owner may read it.
  const made = Fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = connected(filename)
  try {
    // The folder may have existed before, and others may read it.
    Fs.chmodSync(filename, 0o600)
    if (isNew) syncFolders(folder, made)
    const file = Fs.openSync(filename, "r+")
    const log = SqliteLog.make(`${filename}-wal`)
    return {
      database,
      sync: LogSync.make(log.sync, context),
      disk: { log, file, thread: CheckpointThread.make({ filename, file }) },
    }
  } catch (cause) {
    database.close()
    throw cause
  }
}

const connected = (filename: string): DatabaseSync => {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(filename, {
    enableForeignKeyConstraints: true,
    timeout: busyTimeoutMillis,
  })
  try {
    // NORMAL syncs only a log that begins anew; `LogSync` syncs the commits. Deleted text is overwritten, not only unlinked
    // (https://www.sqlite.org/pragma.html#pragma_secure_delete).
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;
      PRAGMA secure_delete = ON`)
    // The first read creates the file of the log.
    database.prepare("PRAGMA user_version").get()
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

/** A sync of a file does not store its name in the folder. `made`: the outermost folder that was created, if any. */
const syncFolders = (folder: string, made: string | undefined): void => {
  const outermost = made === undefined ? folder : Path.dirname(made)
  for (let one = folder; ; one = Path.dirname(one)) {
    const opened = Fs.openSync(one, "r")
    try {
      Fs.fsyncSync(opened)
    } finally {
      Fs.closeSync(opened)
    }
    if (one === outermost || one === Path.dirname(one)) return
  }
}

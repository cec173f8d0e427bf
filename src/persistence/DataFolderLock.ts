/**
 * Allows one service for each data folder: a second one would end the first one's runs as runs of a dead process. The
 * lock is SQLite's own, on a file that holds nothing else. The operating system releases it when the process ends,
 * and `crossfade.db` stays readable for backups and for `crossfade simulate --runs`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { reasonOf } from "../domain/Reason.ts"
import { loadSqlite } from "./LoadSqlite.ts"

export class DataFolderNotLocked extends Schema.TaggedError<DataFolderNotLocked>()("DataFolderNotLocked", {
  folder: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `Cannot use the data folder ${this.folder}: ${this.reason}`
  }
}

const inUse =
  "another Crossfade process uses it. Stop that one first, or give this one a DATA_DIR of its own. Several processes share a PostgreSQL database (DATABASE_URL)."

const lock = (folder: string): DatabaseSync => {
  Fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(Path.join(folder, "lock.db"))
  try {
    // The transaction never ends, so the lock is held until the connection closes.
    database.exec("BEGIN EXCLUSIVE")
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

/** SQLITE_BUSY: https://www.sqlite.org/rescode.html#busy */
const isBusy = (cause: unknown): boolean =>
  cause instanceof Error && "errcode" in cause && cause.errcode === 5

export const layer = (dataDir: string): Layer.Layer<never, DataFolderNotLocked> =>
  Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.try({
        try: () => lock(dataDir),
        catch: (cause) => {
          const reason = isBusy(cause) ? inUse : reasonOf(cause)
          return new DataFolderNotLocked({ folder: Path.resolve(dataDir), reason })
        },
      }),
      (database) => Effect.sync(() => database.close()),
    ),
  )

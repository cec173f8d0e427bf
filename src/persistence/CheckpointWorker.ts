/**
 * The thread that copies SQLite's write-ahead log to the database, on a connection of its own, because copies and their
 * syncs block. One request at a time. It imports nothing of Effect, so that it starts quickly.
 */
import * as Fs from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import type { Reply, Request, Setup } from "./CheckpointThread.ts"
import { loadSqlite } from "./LoadSqlite.ts"
import { repair } from "./LogRepair.ts"
import { longestLogBytes } from "./SqliteLog.ts"

/** The longest wait for another process that writes. */
const busyTimeoutMillis = 1000

const { file, filename }: Setup = workerData
const { DatabaseSync } = loadSqlite()
const database = new DatabaseSync(filename, { timeout: busyTimeoutMillis })
// NORMAL syncs what a checkpoint needs: the log, the database, and the header of a log that begins anew.
database.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;
  PRAGMA journal_size_limit = ${2 * longestLogBytes}`)

const logFile = Fs.openSync(`${filename}-wal`, "r+")
const salt = (): string => {
  const header = Buffer.alloc(32)
  Fs.readSync(logFile, header, 0, header.length, 0)
  return header.toString("hex", 16, 24)
}

/** Writes a value that is there already. The first write after a complete checkpoint begins the log anew. */
const writeNothingNew = (): void => {
  database.exec("BEGIN IMMEDIATE")
  try {
    const version = Number(database.prepare("PRAGMA user_version").get()!["user_version"])
    database.exec(`PRAGMA user_version = ${version}; COMMIT`)
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK")
  }
}

const answer = (request: Request): Reply["rows"] => {
  switch (request._tag) {
    case "Copy":
      database.exec("PRAGMA wal_checkpoint(PASSIVE)")
      // SQLite syncs the database only if it has copied all of the log, which is rare under load.
      Fs.fdatasyncSync(file)
      return []
    case "Restart": {
      const before = salt()
      database.exec("PRAGMA wal_checkpoint(PASSIVE)")
      writeNothingNew()
      if (salt() === before)
        throw new Error("another process reads the database, so its log cannot begin anew")
      return []
    }
    case "Repair":
      repair(logFile, writeNothingNew)
      return []
    case "Run": {
      const rows = database.prepare(request.sql).all()
      writeNothingNew()
      return rows
    }
    case "Close":
      database.close()
      parentPort!.close()
      return []
  }
}

const described = (error: unknown): Reply["error"] =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? { message: error.message, errcode: error.errcode }
    : { message: String(error) }

parentPort!.on("message", (request: Request) => {
  const reply = (): Reply => {
    try {
      return { rows: answer(request), error: undefined }
    } catch (error) {
      return { rows: [], error: described(error) }
    }
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(reply())
})

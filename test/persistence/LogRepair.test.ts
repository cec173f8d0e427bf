import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { loadSqlite } from "../../src/persistence/LoadSqlite.ts"
import { repair, validFrames } from "../../src/persistence/LogRepair.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

/** A database whose log has several commits. */
const opened = Effect.gen(function* () {
  const path = Path.join(yield* temporaryFolder, "x.db")
  const { DatabaseSync } = loadSqlite()
  const database = yield* Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(path)),
    (one) => Effect.sync(() => one.close()),
  )
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE letters (letter TEXT)")
  for (const letter of ["a", "b", "c"]) database.exec(`INSERT INTO letters VALUES ('${letter}')`)
  const file = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.openSync(`${path}-wal`, "r+")),
    (one) => Effect.sync(() => Fs.closeSync(one)),
  )
  const append = () => database.exec("PRAGMA user_version = 0")
  return { append, database, file }
})

describe("the repair of the write-ahead log", () => {
  it.effect("accepts a log whose checksums hold, and leaves it as it was", () =>
    Effect.gen(function* () {
      const { append, database, file } = yield* opened
      const frames = validFrames(file)
      assert.strictEqual(frames, (Fs.fstatSync(file).size - 32) / (4096 + 24))
      repair(file, append)
      assert.strictEqual(validFrames(file), frames + 1)
      assert.lengthOf(database.prepare("SELECT letter FROM letters").all(), 3)
    }),
  )

  it.effect("refuses a log that has lost a part", () =>
    Effect.gen(function* () {
      const { append, file } = yield* opened
      Fs.writeSync(file, Buffer.alloc(8, 1), 0, 8, 32 + 24 + 4096 + 24 + 100)
      assert.strictEqual(validFrames(file), 1)
      assert.throws(() => repair(file, append), "lost parts")
    }),
  )
})

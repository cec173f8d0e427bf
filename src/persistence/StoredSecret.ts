/**
 * A secret that the service generates at its first start and stores in the data folder, readable only by its owner.
 * Processes that start at the same time agree on one.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Schedule from "effect/Schedule"
import * as SecureRandom from "effect/crypto/SecureRandom"

/** The file holds no secret: its writer died while it wrote, or the file was emptied. */
export class StoredSecretUnusable extends Schema.TaggedError<StoredSecretUnusable>()("StoredSecretUnusable", {
  file: Schema.String,
}) {}

const secretBytes = 48
/** RFC 7518: a key for HS256 must not be shorter than its hash. */
export const minimumBytes = 32

const readFile = (files: FileSystem.FileSystem, file: string) =>
  files.readFileString(file).pipe(
    Effect.map((text) => text.trim()),
    Effect.filterOrFail(
      (text) => Buffer.byteLength(text) >= minimumBytes,
      () => new StoredSecretUnusable({ file }),
    ),
    // Another process may have created the file and not written it yet.
    Effect.retry({
      while: (error) => error._tag === "StoredSecretUnusable",
      schedule: Schedule.spaced("50 millis"),
      times: 10,
    }),
    Effect.map(Redacted.make),
  )

/** Reads the secret from the file `name` of the folder; undefined if there is no such file. */
export const find = Effect.fnUntraced(function* (dataDir: string, name: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(dataDir, name)
  return (yield* files.exists(file)) ? yield* readFile(files, file) : undefined
})

export const findOrMake = Effect.fnUntraced(function* (dataDir: string, name: string) {
  const found = yield* find(dataDir, name)
  if (found !== undefined) return found
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const random = yield* SecureRandom.SecureRandom
  const file = path.join(dataDir, name)
  yield* files.makeDirectory(dataDir, { recursive: true, mode: 0o700 })
  const generated = Buffer.from(yield* random.randomBytes(secretBytes)).toString("base64url")
  const write = writeDurably(files, file, dataDir, `${generated}\n`)
  return yield* Effect.catch(Effect.as(write, Redacted.make(generated)), () => readFile(files, file))
})

/** Stored values are sealed with the secret, so it must survive a loss of power as they do. */
const writeDurably = (files: FileSystem.FileSystem, file: string, dataDir: string, text: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      // With `wx`, the second of two processes that start together reads the first one's secret.
      const opened = yield* files.open(file, { flag: "wx", mode: 0o600 })
      yield* opened.writeAll(Buffer.from(text))
      yield* opened.sync
      const folder = yield* files.open(dataDir, { flag: "r" })
      yield* folder.sync
    }),
  )

/**
 * A secret that is made at the first start and kept in the data folder, readable by its owner only. Processes that start at
 * once agree on one.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Schedule from "effect/Schedule"
import * as SecureRandom from "effect/crypto/SecureRandom"

/** The file holds no secret: its writer died while writing, or the file was emptied. */
export class KeptSecretUnusable extends Schema.TaggedError<KeptSecretUnusable>()("KeptSecretUnusable", {
  file: Schema.String,
}) {}

const secretBytes = 48
/** RFC 7518: a key for HS256 is no shorter than its hash. */
export const minimumBytes = 32

const readFile = (files: FileSystem.FileSystem, file: string) =>
  files.readFileString(file).pipe(
    Effect.map((text) => text.trim()),
    Effect.filterOrFail(
      (text) => Buffer.byteLength(text) >= minimumBytes,
      () => new KeptSecretUnusable({ file }),
    ),
    // Another process may have made the file and not yet written it.
    Effect.retry({
      while: (error) => error._tag === "KeptSecretUnusable",
      schedule: Schedule.spaced("50 millis"),
      times: 10,
    }),
    Effect.map(Redacted.make),
  )

/** The secret in the file `name` of the folder. Undefined: there is no such file. */
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
  const made = Buffer.from(yield* random.randomBytes(secretBytes)).toString("base64url")
  // `wx`: of two processes that start at once, the second reads what the first has written.
  const write = files.writeFileString(file, `${made}\n`, { flag: "wx", mode: 0o600 })
  return yield* Effect.catch(Effect.as(write, Redacted.make(made)), () => readFile(files, file))
})

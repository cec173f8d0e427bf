/**
 * The secret that tokens are signed with: from the environment, or, outside production, one that is made at the first
 * start and kept in the data folder, readable by its owner only. There is no default secret.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Schedule from "effect/Schedule"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { reasonOf } from "../domain/Reason.ts"

/** The file that a secret is kept in has none: whoever made it died while writing, or somebody emptied it. */
export class SigningSecretUnusable extends Schema.TaggedError<SigningSecretUnusable>()(
  "SigningSecretUnusable",
  {
    file: Schema.String,
  },
) {
  override get message(): string {
    return `${this.file} holds no secret of at least ${minimumBytes} bytes. Delete it, and the next start makes one.`
  }
}

export class SecretUnavailable extends Schema.TaggedError<SecretUnavailable>()("SecretUnavailable", {
  dataDir: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `Cannot keep the signing secret in DATA_DIR (${this.dataDir}): ${this.reason}`
  }
}

export class SigningSecret extends Context.Service<
  SigningSecret,
  {
    readonly secret: Redacted.Redacted<string>
    /** It was made here, so whoever starts the service may be shown a token. */
    readonly made: boolean
  }
>()("crossfade/http/SigningSecret") {
  static readonly layer = (settings: {
    readonly secret: Redacted.Redacted<string> | undefined
    readonly dataDir: string
  }): Layer.Layer<
    SigningSecret,
    SecretUnavailable | SigningSecretUnusable,
    FileSystem.FileSystem | Path.Path | SecureRandom.SecureRandom
  > =>
    Layer.effect(
      SigningSecret,
      settings.secret === undefined
        ? Effect.map(kept(settings.dataDir), (secret) => ({ secret, made: true }))
        : Effect.succeed({ secret: settings.secret, made: false }),
    )
}

const secretBytes = 48
/** RFC 7518: a key for HS256 is no shorter than its hash. */
const minimumBytes = 32

const kept = (dataDir: string) =>
  Effect.catchTag(
    readOrMake(dataDir),
    "PlatformError",
    (error) => new SecretUnavailable({ dataDir, reason: reasonOf(error) }),
  )

const readOrMake = Effect.fnUntraced(function* (dataDir: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const random = yield* SecureRandom.SecureRandom
  const file = path.join(dataDir, "jwt-secret")
  const read = files.readFileString(file).pipe(
    Effect.map((text) => text.trim()),
    Effect.filterOrFail(
      (text) => Buffer.byteLength(text) >= minimumBytes,
      () => new SigningSecretUnusable({ file }),
    ),
    // Another process may have made the file and not yet written it.
    Effect.retry({
      while: (error) => error._tag === "SigningSecretUnusable",
      schedule: Schedule.spaced("50 millis"),
      times: 10,
    }),
    Effect.map(Redacted.make),
  )
  if (yield* files.exists(file)) return yield* read
  yield* files.makeDirectory(dataDir, { recursive: true, mode: 0o700 })
  const made = Buffer.from(yield* random.randomBytes(secretBytes)).toString("base64url")
  // `wx`: of two processes that start at once, the second reads what the first has written.
  const write = files.writeFileString(file, `${made}\n`, { flag: "wx", mode: 0o600 })
  return yield* Effect.catch(Effect.as(write, Redacted.make(made)), () => read)
})

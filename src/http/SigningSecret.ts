/**
 * The secret that tokens are signed with: from the environment, or, outside production, one that is made at the first
 * start and kept in the data folder, readable by its owner only. There is no default secret.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as SecureRandom from "effect/crypto/SecureRandom"

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
    PlatformError,
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

const kept = Effect.fnUntraced(function* (dataDir: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const random = yield* SecureRandom.SecureRandom
  const file = path.join(dataDir, "jwt-secret")
  const read = Effect.map(files.readFileString(file), (text) => Redacted.make(text.trim()))
  if (yield* files.exists(file)) return yield* read
  yield* files.makeDirectory(dataDir, { recursive: true })
  const made = Buffer.from(yield* random.randomBytes(secretBytes)).toString("base64url")
  // `wx`: of two processes that start at once, the second reads what the first has written.
  const write = files.writeFileString(file, `${made}\n`, { flag: "wx", mode: 0o600 })
  return yield* Effect.catch(Effect.as(write, Redacted.make(made)), () => read)
})

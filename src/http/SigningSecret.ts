/**
 * The secret that signs tokens: from the environment, or, outside production, generated at the first start and stored
 * in the data folder, readable only by its owner. There is no default secret.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import { reasonOf } from "../domain/Reason.ts"
import * as StoredSecret from "../persistence/StoredSecret.ts"

/** The file holds no secret: its writer died while it wrote, or the file was emptied. */
export class SigningSecretUnusable extends Schema.TaggedError<SigningSecretUnusable>()(
  "SigningSecretUnusable",
  {
    file: Schema.String,
  },
) {
  override get message(): string {
    return `${this.file} holds no secret of at least ${StoredSecret.minimumBytes} bytes. Delete it, and the next start makes one.`
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
    /** True if the service generated it, so the person who starts the service may see a token. */
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

const kept = (dataDir: string) =>
  StoredSecret.findOrMake(dataDir, "jwt-secret").pipe(
    Effect.catchTags({
      StoredSecretUnusable: ({ file }) => new SigningSecretUnusable({ file }),
      PlatformError: (error) => new SecretUnavailable({ dataDir, reason: reasonOf(error) }),
    }),
  )

/**
 * The keys for encryption at rest. `DATA_KEY` encrypts; it and the previous keys decrypt. Without `DATA_KEY` the
 * service generates a key and stores it in the data folder, except in production over PostgreSQL, where each replica
 * would generate its own.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import { reasonOf } from "../domain/Reason.ts"
import { dataKey, type DataKey } from "../domain/SealedValue.ts"
import * as StoredSecret from "./StoredSecret.ts"

export interface Keys {
  /** Undefined if nothing can be encrypted. */
  readonly current: DataKey | undefined
  /** All keys that decrypt, with the current one. */
  readonly all: ReadonlyArray<DataKey>
}

export const DataKeys = Context.Reference<Keys>("crossfade/persistence/DataKeys", {
  defaultValue: () => ({ current: undefined, all: [] }),
})

export interface DataKeySettings {
  readonly key: Redacted.Redacted<string> | undefined
  readonly previous: ReadonlyArray<Redacted.Redacted<string>>
  readonly dataDir: string
  /** True if the service may generate a key and store it in the data folder. */
  readonly mayMake: boolean
}

const file = "data-key"

/** A key stored before `DATA_KEY` was set still decrypts. */
const findStored = ({ dataDir, key, mayMake }: DataKeySettings) =>
  (key === undefined && mayMake
    ? StoredSecret.findOrMake(dataDir, file)
    : StoredSecret.find(dataDir, file)
  ).pipe(
    Effect.catch((error) => {
      const reason = error._tag === "StoredSecretUnusable" ? `${error.file} holds no key` : reasonOf(error)
      return Effect.as(Effect.logWarning(`DATA_DIR holds no data key (${reason})`), undefined)
    }),
  )

const make = (settings: DataKeySettings) =>
  Effect.map(findStored(settings), (found): Keys => {
    const { key, mayMake, previous } = settings
    const first = key ?? (mayMake ? found : undefined)
    const secrets = [...new Set([first, ...previous, found])].filter((secret) => secret !== undefined)
    return { current: first === undefined ? undefined : dataKey(first), all: secrets.map(dataKey) }
  })

export const layer = (
  settings: DataKeySettings,
): Layer.Layer<never, never, FileSystem.FileSystem | Path.Path | SecureRandom.SecureRandom> =>
  Layer.effect(DataKeys, make(settings))

/** `crossfade secrets`: the encrypted values in the store of this environment. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Config from "../config/Config.ts"
import * as Database from "../store/Database.ts"
import * as DataFolderLock from "../persistence/DataFolderLock.ts"
import * as DataKeys from "../persistence/DataKeys.ts"
import * as CredentialSeals from "../recording/CredentialSeals.ts"
import * as StageSettings from "../app/StageSettings.ts"
import { requireFile } from "./DataFolder.ts"
import { explained } from "./Explained.ts"
import { jsonFlag, print } from "./Output.ts"

class NoDataKey extends Data.TaggedError("NoDataKey") {
  override get message(): string {
    return "There is no key to encrypt with. Set DATA_KEY."
  }
}

const rotated = Effect.fnUntraced(function* (json: boolean) {
  const { current } = yield* DataKeys.DataKeys
  if (current === undefined) return yield* new NoDataKey()
  const found = yield* CredentialSeals.rotate
  const { old, plain, sealed, unreadable } = found
  yield* print(json, { ...found, key: current.id }, () => [
    `${sealed} of ${old + plain} values encrypted again with the key ${current.id}; ${unreadable} cannot be decrypted`,
  ])
})

const rotate = Effect.fnUntraced(function* (json: boolean) {
  const settings = yield* Config.read(process.env)
  if (settings.DATABASE_URL === undefined) yield* requireFile(settings.DATA_DIR, "database")
  const isStored = settings.DATA_KEY === undefined && StageSettings.dataKeys(settings).mayMake
  if (isStored) yield* requireFile(settings.DATA_DIR, "key")
  const lock = settings.DATABASE_URL === undefined ? DataFolderLock.layer(settings.DATA_DIR) : Layer.empty
  const store = Database.layerExisting(StageSettings.database(settings)).pipe(Layer.provide(lock))
  const keys = DataKeys.layer(StageSettings.dataKeys(settings))
  yield* Effect.provide(rotated(json), Layer.mergeAll(store, keys))
})

export const secrets = Command.make("secrets").pipe(
  Command.withDescription("Manage the encrypted values in the store of this environment."),
  Command.withSubcommands([
    Command.make("rotate", { json: jsonFlag }, ({ json }) =>
      explained(Effect.provide(rotate(json), NodeServices.layer)),
    ).pipe(Command.withDescription("Encrypt the credentials of MCP servers again with DATA_KEY.")),
  ]),
)

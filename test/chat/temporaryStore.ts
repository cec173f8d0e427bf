/** The SQL store over a new SQLite database, with the services that the stages need from the platform. */
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Replica } from "../../src/platform/Replica.ts"
import * as Database from "../../src/store/Database.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const database = Layer.unwrap(
  Effect.map(temporaryFolder, (dataDir) => Database.layer({ databaseUrl: undefined, dataDir })),
)

export const temporaryStore = SqlStore.layer.pipe(
  Layer.provideMerge(database),
  Layer.provideMerge(Replica.layer),
  Layer.provideMerge(layerWebCrypto),
)

/**
 * The SQL store over a new SQLite database in memory, with the services that the stages need from the platform. A disk's
 * sync takes real time: a test that advances the clock during one passes the store's timeouts.
 */
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Layer from "effect/Layer"
import { Replica } from "../../src/platform/Replica.ts"
import * as SqliteClient from "../../src/persistence/SqliteClient.ts"
import { migrate } from "../../src/store/Migrations.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"

const database = Layer.provideMerge(
  Layer.effectDiscard(migrate),
  SqliteClient.layer({ filename: ":memory:" }),
)

export const temporaryStore = SqlStore.layer.pipe(
  Layer.provideMerge(database),
  Layer.provideMerge(Replica.layer),
  Layer.provideMerge(layerWebCrypto),
)

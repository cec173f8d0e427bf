/** The stores on one database, each with a replica of its own. */
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Batch } from "../../src/persistence/Batch.ts"
import { Replica } from "../../src/platform/Replica.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"

export const storesOn = <E, R>(database: Layer.Layer<Batch | SqlClient.SqlClient, E, R>) =>
  SqlStore.layer.pipe(
    Layer.provideMerge(database),
    Layer.provide(Replica.layer),
    Layer.provide(layerWebCrypto),
  )

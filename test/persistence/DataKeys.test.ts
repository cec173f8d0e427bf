import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { dataKey } from "../../src/domain/SealedValue.ts"
import * as DataKeys from "../../src/persistence/DataKeys.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const secret = (name: string) => Redacted.make(name.padEnd(40, "-"))
const idOf = (name: string) => dataKey(secret(name)).id

/** The ids of the keys, as a new process reads them. */
const started = (dataDir: string, settings: Partial<DataKeys.DataKeySettings> = {}) =>
  Effect.map(DataKeys.DataKeys, ({ all, current }) => ({
    current: current?.id,
    all: all.map(({ id }) => id),
  })).pipe(
    Effect.provide(
      DataKeys.layer({ key: undefined, previous: [], dataDir, mayMake: true, ...settings }).pipe(
        Layer.provide([NodeServices.layer, NodeCrypto.layerSecureRandom]),
      ),
    ),
  )

const fileIn = (folder: string) => Path.join(folder, "data-key")

describe("the data keys", () => {
  it.live("are created at the first start, readable only by their owner, and reused by later starts", () =>
    Effect.gen(function* () {
      const folder = Path.join(yield* temporaryFolder, "not", "yet")
      const first = yield* started(folder)
      assert.deepStrictEqual(first.all, [first.current])
      assert.strictEqual(Fs.statSync(fileIn(folder)).mode & 0o777, 0o600)
      assert.deepStrictEqual(yield* started(folder), first)
    }),
  )

  it.live("are DATA_KEY first, then the previous ones, then a generated one", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { current: made } = yield* started(folder)
      const keys = yield* started(folder, { key: secret("new"), previous: [secret("old")] })
      assert.strictEqual(keys.current, idOf("new"))
      assert.deepStrictEqual<unknown>(keys.all, [idOf("new"), idOf("old"), made])
    }),
  )

  it.live("are none if no key may be generated, and no file is written", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const keys = yield* started(folder, { mayMake: false, previous: [secret("old")] })
      assert.deepStrictEqual(keys, { current: undefined, all: [idOf("old")] })
      assert.deepStrictEqual(Fs.readdirSync(folder), [])
    }),
  )

  it.live("do not stop the start if the folder cannot be used or its file holds no key", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      Fs.writeFileSync(fileIn(folder), "short\n")
      assert.deepStrictEqual(yield* started(folder), { current: undefined, all: [] })
      const file = Path.join(yield* temporaryFolder, "file")
      Fs.writeFileSync(file, "")
      assert.deepStrictEqual(yield* started(file), { current: undefined, all: [] })
      assert.strictEqual((yield* started(file, { key: secret("new") })).current, idOf("new"))
    }),
  )
})

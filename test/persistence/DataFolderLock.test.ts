import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as DataFolderLock from "../../src/persistence/DataFolderLock.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const locked = (folder: string) => Effect.scoped(Layer.build(DataFolderLock.layer(folder)))

describe("the lock of a data folder", () => {
  it.effect("is refused while it is held, with a message that names the folder, and is free afterwards", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "data")
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(DataFolderLock.layer(folder))
          const error = yield* Effect.flip(locked(folder))
          assert.include(error.message, `Cannot use the data folder ${folder}: another Crossfade process`)
          assert.include(error.message, "DATA_DIR of its own")
          assert.include(error.message, "DATABASE_URL")
          // The refusal has not released it.
          yield* Effect.flip(locked(folder))
          yield* locked(`${folder}2`)
        }),
      )
      yield* locked(folder)
    }),
  )

  it.effect("reports the reason if a folder cannot be used", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      writeFileSync(join(folder, "file"), "")
      const error = yield* Effect.flip(locked(join(folder, "file")))
      assert.match(error.message, /^Cannot use the data folder \S+file: E[A-Z]+/)
    }),
  )
})

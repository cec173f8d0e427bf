import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileId } from "../../src/domain/Ids.ts"
import { FileContents } from "../../src/files/FileContents.ts"
import * as FileContentsDisk from "../../src/files/FileContentsDisk.ts"
import { suite } from "./FileContentsContract.ts"

const folder = () => join(mkdtempSync(join(tmpdir(), "crossfade-files-")), "files")
const layerIn = (at: string) => Layer.provide(FileContentsDisk.layer(at), NodeServices.layer)

suite("disk", () => layerIn(folder()))

it.live("removes the leftover of a write whose process died, and no newer one", () => {
  const at = folder()
  const fileId = FileId.make("0190b2f4-1111-7111-8111-aaaaaaaaaaaa")
  mkdirSync(join(at, "tmp"), { recursive: true })
  writeFileSync(join(at, "tmp", fileId), "half")
  writeFileSync(join(at, "tmp", "other"), "not ours")
  return Effect.gen(function* () {
    const contents = yield* FileContents
    yield* contents.removeDrafts(Date.now() - 60_000)
    assert.deepStrictEqual(readdirSync(join(at, "tmp")).toSorted(), [fileId, "other"])
    yield* contents.removeDrafts(Date.now() + 60_000)
    assert.deepStrictEqual(readdirSync(join(at, "tmp")), ["other"])
  }).pipe(Effect.provide(layerIn(at)))
})

it.live("leaves no draft when the upload is interrupted", () => {
  const at = folder()
  const fileId = FileId.make("0190b2f4-1111-7111-8111-aaaaaaaaaaaa")
  return Effect.gen(function* () {
    const contents = yield* FileContents
    const started = yield* Deferred.make<void>()
    const upload = Stream.make(new Uint8Array(10)).pipe(
      Stream.concat(Stream.fromEffect(Effect.andThen(Deferred.succeed(started, undefined), Effect.never))),
    )
    const writing = yield* Effect.forkChild(contents.write(fileId, upload, 100))
    yield* Deferred.await(started)
    assert.deepStrictEqual(readdirSync(join(at, "tmp")), [fileId])
    yield* Fiber.interrupt(writing)
    assert.deepStrictEqual(readdirSync(join(at, "tmp")), [])
  }).pipe(Effect.provide(layerIn(at)))
})

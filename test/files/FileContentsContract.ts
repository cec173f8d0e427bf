/** The contract of `FileContents`, run against each adapter. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { createHash, randomUUID } from "node:crypto"
import { FileId } from "../../src/domain/Ids.ts"
import { ContentsMissing, FileContents, FileTooLarge } from "../../src/files/FileContents.ts"

const newId = () => FileId.make(randomUUID())
const text = (value: string) => new TextEncoder().encode(value)

const readAll = (fileId: FileId, range?: { first: number; last: number }) =>
  Effect.gen(function* () {
    const contents = yield* FileContents
    return Buffer.concat(yield* Stream.runCollect(contents.read(fileId, range)))
  })

export const suite = (name: string, layer: () => Layer.Layer<FileContents, unknown>) => {
  const run = (title: string, effect: Effect.Effect<void, unknown, FileContents>) =>
    it.live(`${name}: ${title}`, () => Effect.provide(effect, layer()), 60_000)

  run(
    "returns what was written, with its size and hash",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      const written = yield* contents.write(id, Stream.make(text("hello "), text("world")), 11)
      const sha256 = createHash("sha256").update("hello world").digest("hex")
      assert.deepStrictEqual(written, { bytes: 11, sha256 })
      assert.strictEqual((yield* readAll(id)).toString(), "hello world")
    }),
  )

  run(
    "returns a file of many chunks unchanged",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      const chunk = new Uint8Array(300_000).map((_, place) => place % 251)
      const chunks = Array.from({ length: 70 }, () => chunk)
      const { bytes, sha256 } = yield* contents.write(id, Stream.fromIterable(chunks), 70 * chunk.length)
      assert.strictEqual(bytes, 70 * chunk.length)
      assert.strictEqual(
        createHash("sha256")
          .update(yield* readAll(id))
          .digest("hex"),
        sha256,
      )
    }),
  )

  run(
    "returns a range with both ends included",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      yield* contents.write(id, Stream.make(text("0123456789")), 10)
      assert.strictEqual((yield* readAll(id, { first: 2, last: 4 })).toString(), "234")
      assert.strictEqual((yield* readAll(id, { first: 0, last: 0 })).toString(), "0")
      assert.strictEqual((yield* readAll(id, { first: 9, last: 9 })).toString(), "9")
    }),
  )

  run(
    "accepts an empty file",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      assert.strictEqual((yield* contents.write(id, Stream.empty, 10)).bytes, 0)
      assert.strictEqual((yield* readAll(id)).length, 0)
    }),
  )

  run(
    "refuses a byte above the limit and leaves nothing",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      const error = yield* Effect.flip(contents.write(id, Stream.make(text("hello "), text("world")), 10))
      assert.instanceOf(error, FileTooLarge)
      assert.instanceOf(yield* Effect.flip(readAll(id)), ContentsMissing)
    }),
  )

  run(
    "leaves nothing of a write that fails in the middle, and takes the id again",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      const broken = Stream.concat(
        Stream.make(new Uint8Array(6_000_000), new Uint8Array(6_000_000)),
        Stream.fail("gone" as const),
      )
      assert.strictEqual(yield* Effect.flip(contents.write(id, broken, 1e8)), "gone")
      assert.instanceOf(yield* Effect.flip(readAll(id)), ContentsMissing)
      yield* contents.write(id, Stream.make(text("again")), 10)
      assert.strictEqual((yield* readAll(id)).toString(), "again")
    }),
  )

  run(
    "removes files, and accepts ids that do not exist",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      const other = newId()
      yield* contents.write(id, Stream.make(text("one")), 10)
      yield* contents.write(other, Stream.make(text("two")), 10)
      yield* contents.remove([id, newId()])
      assert.instanceOf(yield* Effect.flip(readAll(id)), ContentsMissing)
      assert.strictEqual((yield* readAll(other)).toString(), "two")
      yield* contents.remove([])
    }),
  )

  run(
    "lists the files that were written before a time",
    Effect.gen(function* () {
      const contents = yield* FileContents
      const id = newId()
      yield* contents.write(id, Stream.make(text("one")), 10)
      const later = yield* Stream.runCollect(contents.writtenBefore(Date.now() + 3_600_000))
      assert.include(later, id)
      assert.deepStrictEqual(yield* Stream.runCollect(contents.writtenBefore(Date.now() - 3_600_000)), [])
      yield* contents.removeDrafts(Date.now() + 3_600_000)
      assert.strictEqual((yield* readAll(id)).toString(), "one")
    }),
  )
}

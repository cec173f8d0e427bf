/**
 * `FileContents` in a folder. A write goes to a file of its own in `tmp`, is synced, and is renamed to its place. Names
 * come from ids only. The files spread over 256 folders.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as PlatformError from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { FileId } from "../domain/Ids.ts"
import { ContentsMissing, ContentsUnavailable, FileContents } from "./FileContents.ts"
import * as Measured from "./MeasuredBytes.ts"

const isMissing = (error: PlatformError.PlatformError) => error.reason._tag === "NotFound"

const failed = (operation: string) => (cause: unknown) => new ContentsUnavailable({ operation, cause })

const isFileId = Schema.is(FileId)

/** By the last two digits of the id, which are random. */
const shards = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, "0"))

const make = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const tmp = path.join(folder, "tmp")
  const shardOf = (fileId: FileId) => path.join(folder, fileId.slice(-2))
  const placeOf = (fileId: FileId) => path.join(shardOf(fileId), fileId)

  /** The name of a file is durable after its folder is synced. */
  const syncFolder = (at: string) =>
    Effect.scoped(Effect.flatMap(files.open(at, { flag: "r" }), ({ sync }) => sync))

  /** Shards that this process has synced, with the folders above. */
  const durableShards = new Set<string>()
  const makeShard = (shard: string) =>
    durableShards.has(shard)
      ? Effect.void
      : files
          .makeDirectory(shard, { recursive: true, mode: 0o700 })
          .pipe(
            Effect.andThen(syncFolder(folder)),
            Effect.andThen(syncFolder(path.dirname(folder))),
            Effect.andThen(Effect.sync(() => durableShards.add(shard))),
          )

  const write: FileContents["Service"]["write"] = (fileId, bytes, limit) => {
    const unavailable = failed("write")
    const draft = path.join(tmp, fileId)
    const stored = Effect.gen(function* () {
      yield* Effect.mapError(files.makeDirectory(tmp, { recursive: true, mode: 0o700 }), unavailable)
      yield* Effect.mapError(makeShard(shardOf(fileId)), unavailable)
      const written = yield* Effect.scoped(
        Effect.gen(function* () {
          const file = yield* Effect.mapError(files.open(draft, { flag: "wx", mode: 0o600 }), unavailable)
          const counted = Measured.make(limit)
          yield* Stream.runForEach(bytes, (chunk) =>
            Effect.andThen(counted.add(chunk), Effect.mapError(file.writeAll(chunk), unavailable)),
          )
          yield* Effect.mapError(file.sync, unavailable)
          return counted.end()
        }),
      )
      yield* Effect.mapError(files.rename(draft, placeOf(fileId)), unavailable)
      yield* Effect.mapError(syncFolder(shardOf(fileId)), unavailable)
      return written
    })
    return Effect.onError(stored, () => Effect.ignore(files.remove(draft, { force: true })))
  }

  const read: FileContents["Service"]["read"] = (fileId, range) =>
    files
      .stream(
        placeOf(fileId),
        range === undefined ? {} : { offset: range.first, bytesToRead: range.last - range.first + 1 },
      )
      .pipe(
        Stream.mapError((error) =>
          isMissing(error) ? new ContentsMissing({ fileId }) : failed("read")(error),
        ),
      )

  const remove: FileContents["Service"]["remove"] = (fileIds) =>
    Effect.forEach(fileIds, (fileId) => files.remove(placeOf(fileId), { force: true }), {
      discard: true,
    }).pipe(Effect.mapError(failed("remove")))

  /** The ids in one folder; a file may disappear meanwhile. */
  const olderIn = Effect.fnUntraced(function* (within: string, before: number) {
    const names = yield* Effect.catchIf(files.readDirectory(within), isMissing, () => Effect.succeed([]))
    const ids = names.flatMap((name) => (isFileId(name) ? [name] : []))
    return yield* Effect.filter(ids, (id) =>
      files.stat(path.join(within, id)).pipe(
        Effect.map(({ mtime }) => Option.exists(mtime, (time) => time.getTime() < before)),
        Effect.catchIf(isMissing, () => Effect.succeed(false)),
      ),
    )
  })

  const removeDrafts: FileContents["Service"]["removeDrafts"] = (before) =>
    Effect.flatMap(olderIn(tmp, before), (ids) =>
      Effect.forEach(ids, (id) => files.remove(path.join(tmp, id), { force: true }), { discard: true }),
    ).pipe(Effect.mapError(failed("removeDrafts")))

  const writtenBefore: FileContents["Service"]["writtenBefore"] = (at) =>
    Stream.fromIterable(shards).pipe(
      Stream.mapEffect((shard) => olderIn(path.join(folder, shard), at)),
      Stream.flatMap((ids) => Stream.fromIterable(ids)),
      Stream.mapError(failed("writtenBefore")),
    )

  return FileContents.of({ write, read, remove, removeDrafts, writtenBefore })
})

/** `folder` is created with the first file. */
export const layer = (folder: string): Layer.Layer<FileContents, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(FileContents, make(folder))

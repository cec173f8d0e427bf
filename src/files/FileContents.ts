/**
 * Port: the bytes of uploaded files, by the id of the file. `store/Files` has their rows.
 *
 * Invariant: contents appear whole or not at all. `read` finds nothing of a write that failed, was interrupted or lost
 * its process.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { FileId } from "../domain/Ids.ts"

/** More bytes than `limit`. The rest was not read. */
export class FileTooLarge extends Schema.TaggedError<FileTooLarge>()("FileTooLarge", {
  limit: Schema.Int,
}) {}

/** There are no contents with this id. */
export class ContentsMissing extends Schema.TaggedError<ContentsMissing>()("ContentsMissing", {
  fileId: FileId,
}) {}

/** The disk or the object store did not complete the operation. */
export class ContentsUnavailable extends Schema.TaggedError<ContentsUnavailable>()("ContentsUnavailable", {
  operation: Schema.String,
  cause: Schema.Defect(),
}) {}

/** Both ends are included, as in HTTP. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** `sha256`: hexadecimal. */
export interface Written {
  readonly bytes: number
  readonly sha256: string
}

export class FileContents extends Context.Service<
  FileContents,
  {
    /** Reads the stream as fast as the store writes. An id is written once. */
    readonly write: <E, R>(
      fileId: FileId,
      bytes: Stream.Stream<Uint8Array, E, R>,
      limit: number,
    ) => Effect.Effect<Written, ContentsUnavailable | E | FileTooLarge, R>
    readonly read: (
      fileId: FileId,
      range?: ByteRange,
    ) => Stream.Stream<Uint8Array, ContentsMissing | ContentsUnavailable>
    /** Ids without contents are fine. */
    readonly remove: (fileIds: ReadonlyArray<FileId>) => Effect.Effect<void, ContentsUnavailable>
    /** Removes what dead writes left that began before this time (epoch milliseconds). */
    readonly removeDrafts: (before: number) => Effect.Effect<void, ContentsUnavailable>
    /** The ids of all contents that were written before this time (epoch milliseconds). */
    readonly writtenBefore: (at: number) => Stream.Stream<FileId, ContentsUnavailable>
  }
>()("crossfade/files/FileContents") {}

/**
 * Takes uploaded files: checks the bytes as they arrive, stores them, has them scanned, and adds their rows last. No
 * reader finds a file without a row. So an upload that fails, is interrupted or loses its process is never visible.
 * `FileSweep` removes its bytes.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { mostAttachments } from "../domain/AttachmentInput.ts"
import { FileId } from "../domain/Ids.ts"
import { type FileOwner, type FileQuotas, Files, type StoredFile } from "../store/Files.ts"
import type { QuotaExceeded } from "../store/Quotas.ts"
import type { StoreError } from "../store/StoreError.ts"
import { FileCheck, type FileType } from "./FileCheck.ts"
import { type ContentsUnavailable, FileContents, type FileTooLarge } from "./FileContents.ts"
import { shownName } from "./Filename.ts"
import { FileScanner, type ScanUnavailable } from "./FileScanner.ts"

/** `found`: what the bytes are, for the user. */
export class FileRefused extends Schema.TaggedError<FileRefused>()("FileRefused", {
  filename: Schema.String,
  found: Schema.String,
}) {}

export class TooManyFiles extends Schema.TaggedError<TooManyFiles>()("TooManyFiles", {
  limit: Schema.Int,
}) {}

/** `type`: the announced media type. */
export interface Incoming<E> {
  readonly filename: string | undefined
  readonly type: string | undefined
  readonly bytes: Stream.Stream<Uint8Array, E>
}

export type IntakeError =
  | ContentsUnavailable
  | FileRefused
  | FileTooLarge
  | QuotaExceeded
  | ScanUnavailable
  | StoreError
  | TooManyFiles

export interface Settings {
  readonly maxBytes: number
  readonly quotas: FileQuotas
}

export class FileIntake extends Context.Service<
  FileIntake,
  {
    /** The most bytes of one file. */
    readonly maxBytes: number
    /** Stores all of the files, in order, or none. */
    readonly receive: <E, R>(
      owner: FileOwner,
      incoming: Stream.Stream<Incoming<E>, E, R>,
    ) => Effect.Effect<ReadonlyArray<StoredFile>, E | IntakeError, R>
  }
>()("crossfade/files/FileIntake") {
  static readonly layer = (settings: Settings) => Layer.effect(FileIntake, make(settings))
}

const make = Effect.fnUntraced(function* ({ maxBytes, quotas }: Settings) {
  const contents = yield* FileContents
  const files = yield* Files
  const ids = yield* SecureRandom.SecureRandom
  const scanner = yield* FileScanner

  const write = Effect.fnUntraced(function* <E>(
    owner: FileOwner,
    { bytes, filename: given, type }: Incoming<E>,
  ) {
    const filename = shownName(given)
    const check = new FileCheck({ filename, type })
    const refused = (found: string) => new FileRefused({ filename, found })
    const checked = Stream.mapEffect(bytes, (chunk) => {
      const found = check.push(chunk)
      return found === undefined ? Effect.succeed(chunk) : Effect.fail(refused(found))
    })
    let kind: FileType | undefined
    // Inside of the stream, so that the contents of a refused file are never complete.
    const verdict = Stream.suspend(() => {
      const end = check.end()
      if ("found" in end) return Stream.fail(refused(end.found))
      kind = end
      return Stream.empty
    })
    const fileId = FileId.make(yield* ids.uuidV7())
    const written = yield* contents.write(fileId, Stream.concat(checked, verdict), maxBytes)
    if (kind === undefined) return yield* refused("nothing")
    const createdAt = yield* Clock.currentTimeMillis
    return {
      fileId,
      ...owner,
      filename,
      ...kind,
      ...written,
      sessionId: null,
      createdAt,
    } satisfies StoredFile
  })

  const scan = Effect.fnUntraced(function* (file: StoredFile) {
    if (yield* scanner.allows(file, contents.read(file.fileId))) return
    return yield* new FileRefused({ filename: file.filename, found: "a file that the scanner refuses" })
  })

  const receive: FileIntake["Service"]["receive"] = Effect.fnUntraced(function* (owner, incoming) {
    const { orgId, userId } = owner
    yield* files.mayUpload(owner, quotas)
    const received: Array<StoredFile> = []
    yield* Stream.runForEach(
      incoming,
      Effect.fnUntraced(function* (one) {
        if (received.length >= mostAttachments) return yield* new TooManyFiles({ limit: mostAttachments })
        const file = yield* write({ orgId, userId }, one)
        received.push(file)
        yield* scan(file)
      }),
    ).pipe(Effect.onError(() => Effect.ignore(contents.remove(received.map(({ fileId }) => fileId)))))
    // If the outcome is unknown, the contents must stay.
    yield* files.add(received, quotas)
    return received
  })

  return FileIntake.of({ maxBytes, receive })
})

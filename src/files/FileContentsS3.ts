/**
 * `FileContents` in a bucket of an S3-compatible store. A small file is one PUT. A larger one is a multipart upload,
 * which becomes visible when it is completed, so that no more than one part is in memory.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { FileId } from "../domain/Ids.ts"
import { ContentsMissing, ContentsUnavailable, FileContents } from "./FileContents.ts"
import * as MeasuredBytes from "./MeasuredBytes.ts"
import { PartBuffer } from "./PartBuffer.ts"
import * as S3Objects from "./S3Objects.ts"
import * as S3Xml from "./S3Xml.ts"

/** The smallest that S3 accepts for a part that is not the last one. */
const partBytes = 5 * 1024 * 1024
/** A reader of a file waits no longer for the next bytes. */
const idle = "30 seconds"
const prefix = "crossfade-files/"

const keyOf = (fileId: FileId): string => `${prefix}${fileId}`
const isFileId = Schema.is(FileId)
const failed = (operation: string) => (cause: unknown) => new ContentsUnavailable({ operation, cause })

interface Upload {
  readonly key: string
  readonly uploadId: string
  readonly etags: Array<string>
}

const make = Effect.fnUntraced(function* (settings: S3Objects.Settings) {
  const send = S3Objects.make(yield* HttpClient.HttpClient, settings)
  const textOf = (request: S3Objects.S3Request) => Effect.flatMap(send(request), (answer) => answer.text)

  const begin = (key: string) =>
    Effect.flatMap(textOf({ method: "POST", key, query: { uploads: "" } }), (text) => {
      const uploadId = S3Xml.first(text, "UploadId")
      return uploadId === undefined
        ? Effect.fail(new S3Objects.S3Failed({ status: 200, reason: "no UploadId" }))
        : Effect.succeed<Upload>({ key, uploadId, etags: [] })
    })

  const sendPart = ({ etags, key, uploadId }: Upload, body: Uint8Array) =>
    Effect.map(
      send({ method: "PUT", key, query: { partNumber: String(etags.length + 1), uploadId }, body }),
      ({ headers }) => {
        etags.push(headers["etag"] ?? "")
      },
    )

  const complete = Effect.fnUntraced(function* ({ etags, key, uploadId }: Upload) {
    const body = new TextEncoder().encode(S3Xml.completed(etags))
    const text = yield* textOf({ method: "POST", key, query: { uploadId }, body })
    // The status is sent before the work, so an answer of 200 can contain an error.
    const code = S3Xml.first(text, "Code")
    if (text.includes("<Error>")) return yield* new S3Objects.S3Failed({ status: 200, reason: code ?? "" })
  })

  const abort = ({ key, uploadId }: { readonly key: string; readonly uploadId: string }) =>
    send({ method: "DELETE", key, query: { uploadId } })

  const write: FileContents["Service"]["write"] = (fileId, bytes, limit) => {
    const unavailable = failed("write")
    const key = keyOf(fileId)
    const measured = MeasuredBytes.make(limit)
    const buffer = new PartBuffer(partBytes)
    let upload: Upload | undefined
    const flush = Effect.fnUntraced(function* (part: Uint8Array) {
      upload ??= yield* begin(key)
      yield* sendPart(upload, part)
    })
    const end = Effect.suspend(() => {
      const rest = buffer.rest()
      if (upload === undefined) return Effect.asVoid(send({ method: "PUT", key, body: rest }))
      const last = rest.length === 0 ? Effect.void : sendPart(upload, rest)
      return Effect.andThen(last, complete(upload))
    })
    return Stream.runForEach(bytes, (chunk) =>
      Effect.andThen(
        measured.add(chunk),
        Effect.mapError(Effect.forEach(buffer.add(chunk), flush, { discard: true }), unavailable),
      ),
    ).pipe(
      Effect.andThen(Effect.mapError(end, unavailable)),
      Effect.map(() => measured.end()),
      Effect.onError(() => (upload === undefined ? Effect.void : Effect.ignore(abort(upload)))),
    )
  }

  const read: FileContents["Service"]["read"] = (fileId, range) => {
    const headers = range === undefined ? {} : { range: `bytes=${range.first}-${range.last}` }
    return Stream.unwrap(
      Effect.map(send({ method: "GET", key: keyOf(fileId), headers }), (answer) =>
        Stream.timeoutOrElse(answer.stream, {
          duration: idle,
          orElse: () => Stream.fail(new S3Objects.S3Failed({ status: 0, reason: `silent for ${idle}` })),
        }),
      ),
    ).pipe(
      Stream.mapError((error) =>
        error._tag === "S3Failed" && error.status === 404 && error.reason !== "NoSuchBucket"
          ? new ContentsMissing({ fileId })
          : failed("read")(error),
      ),
    )
  }

  const remove: FileContents["Service"]["remove"] = (fileIds) =>
    Effect.forEach(fileIds, (fileId) => send({ method: "DELETE", key: keyOf(fileId) }), {
      concurrency: 4,
      discard: true,
    }).pipe(Effect.mapError(failed("remove")))

  const removeDrafts: FileContents["Service"]["removeDrafts"] = (before) =>
    Effect.flatMap(textOf({ method: "GET", key: "", query: { uploads: "", prefix } }), (text) =>
      Effect.forEach(
        S3Xml.uploads(text).filter(({ at, key }) => at < before && key.startsWith(prefix)),
        abort,
        { discard: true },
      ),
    ).pipe(Effect.mapError(failed("removeDrafts")))

  const page = (token: string) => ({
    method: "GET" as const,
    key: "",
    query: { "list-type": "2", prefix, ...(token === "" ? {} : { "continuation-token": token }) },
  })

  const writtenBefore: FileContents["Service"]["writtenBefore"] = (at) =>
    Stream.paginate("", (token) =>
      Effect.map(textOf(page(token)), (text) => {
        const ids = S3Xml.objects(text)
          .filter((entry) => entry.at < at && entry.key.startsWith(prefix))
          .map(({ key }) => key.slice(prefix.length))
        return [
          ids.flatMap((id) => (isFileId(id) ? [id] : [])),
          Option.fromUndefinedOr(S3Xml.nextPage(text)),
        ] as const
      }),
    ).pipe(Stream.mapError(failed("writtenBefore")))

  return FileContents.of({ write, read, remove, removeDrafts, writtenBefore })
})

export const layer = (
  settings: S3Objects.Settings,
): Layer.Layer<FileContents, never, HttpClient.HttpClient> => Layer.effect(FileContents, make(settings))

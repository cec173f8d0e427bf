/**
 * An uploaded file as a download. Its content is untrusted: a browser must neither run it nor guess its type, and shows
 * only images inline. Pages of other origins may embed it, because nothing but a token or a signed link opens it.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type { FileContents } from "../files/FileContents.ts"
import * as MediaTypes from "../files/MediaTypes.ts"
import type { StoredFile } from "../store/Files.ts"
import { isKnown, rangeOf } from "./ByteRanges.ts"
import { contentDisposition } from "../files/ContentDisposition.ts"
import { respond } from "./ErrorMapping.ts"

const missing = respond({ code: "FILE_NOT_FOUND", message: "There is no such file, or it is gone." })
const unavailable = respond({ code: "FILE_UNAVAILABLE", message: "The file cannot be read now." })

const headersOf = (file: StoredFile, etag: string) => ({
  etag,
  "accept-ranges": "bytes",
  "last-modified": new Date(file.createdAt).toUTCString(),
  "content-disposition": contentDisposition(file.filename, file.kind === "image" ? "inline" : "attachment"),
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "private, no-store",
  "cross-origin-resource-policy": "cross-origin",
})

/** Reads the first bytes before the answer begins, so that a file without contents gets an error. */
const opened = Effect.fnUntraced(function* <E>(bytes: Stream.Stream<Uint8Array, E>) {
  const pull = yield* Stream.toPull(bytes)
  const first = yield* Pull.catchDone(pull, () => Effect.succeed(Arr.empty<Uint8Array>()))
  return Stream.concat(Stream.fromIterable(first), Stream.fromPull(Effect.succeed(pull)))
})

export const make = Effect.fnUntraced(function* (contents: FileContents["Service"], file: StoredFile) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { "if-none-match": ifNoneMatch, "if-range": ifRange, range } = request.headers
  const etag = `"${file.sha256.slice(0, 32)}"`
  const headers = headersOf(file, etag)
  if (isKnown(ifNoneMatch, etag)) return HttpServerResponse.empty({ status: 304, headers })
  const part = rangeOf({ range, ifRange, etag, size: file.bytes })
  if (part === "unsatisfiable")
    return HttpServerResponse.empty({
      status: 416,
      headers: { ...headers, "content-range": `bytes */${file.bytes}` },
    })
  const contentType = MediaTypes.servedType(file.mediaType, file.kind)
  return yield* Effect.matchEffect(opened(contents.read(file.fileId, part)), {
    onFailure: (error) =>
      error._tag === "ContentsMissing"
        ? missing
        : Effect.andThen(Effect.logWarning("a file cannot be read", error), unavailable),
    onSuccess: (stream) =>
      Effect.succeed(
        part === undefined
          ? HttpServerResponse.stream(stream, { contentType, contentLength: file.bytes, headers })
          : HttpServerResponse.stream(stream, {
              status: 206,
              contentType,
              contentLength: part.last - part.first + 1,
              headers: { ...headers, "content-range": `bytes ${part.first}-${part.last}/${file.bytes}` },
            }),
      ),
  })
})

/**
 * A runtime's file as a download. Its content is untrusted, so a browser must neither execute it nor guess its type.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { File, RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import type { RunFile } from "../store/Runs.ts"
import { contentDisposition } from "../files/ContentDisposition.ts"
import { respond } from "./ErrorMapping.ts"

export const notFound = respond({
  code: "FILE_NOT_FOUND",
  message: "There is no such file in the run, or it is gone.",
})

const unavailable = respond({
  code: "FILE_UNAVAILABLE",
  message: "The file cannot be fetched now, or it is too large to be passed on.",
})

/** The runtime's type is free text; anything that is not a media type becomes a stream of bytes. */
const contentType = (mimeType: string): string =>
  mimeType.length <= 200 && /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w-]+)*$/.test(mimeType)
    ? mimeType
    : "application/octet-stream"

const download = (file: RunFile, { bytes, headers, length, status }: File) =>
  HttpServerResponse.stream(bytes, {
    status,
    contentType: contentType(file.mimeType),
    ...(length === undefined ? {} : { contentLength: length }),
    headers: {
      ...headers,
      "content-disposition": contentDisposition(file.filename),
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "private, no-store",
      "cross-origin-resource-policy": "cross-origin",
    },
  })

export const make = Effect.fnUntraced(function* (files: RuntimeFiles["Service"], file: RunFile | undefined) {
  if (file === undefined) return yield* notFound
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const range = { range: headers["range"], ifRange: headers["if-range"] }
  return yield* Effect.matchEffect(files.fetch(file.path, range), {
    onFailure: ({ gone }) => (gone ? notFound : unavailable),
    onSuccess: (found) => Effect.succeed(download(file, found)),
  })
})

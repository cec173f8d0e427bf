/** A runtime's file as a download. Its content is untrusted, so a browser must neither run nor guess it. */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { File, RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import type { RunFile } from "../store/Runs.ts"
import { respond } from "./ErrorMapping.ts"

const notFound = respond({
  code: "FILE_NOT_FOUND",
  message: "There is no such file in the run, or it is gone.",
})

const unavailable = respond({
  code: "FILE_UNAVAILABLE",
  message: "The file cannot be fetched now, or it is too large to be passed on.",
})

/** Characters. File systems take no longer names. */
const longestName = 200

/** RFC 6266 / 8187: the name in a form that any text survives in, and in ASCII for clients that know no other. */
const disposition = (filename: string): string => {
  const name = filename.slice(0, longestName).toWellFormed()
  const ascii = name.replace(/[^\w !#$&+.^~()-]/g, "_")
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}

/** A type is text of the runtime's; what does not look like one is a stream of bytes. */
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
      "content-disposition": disposition(file.filename),
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "private, no-store",
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

/** A runtime's file as a download. It is somebody else's content, so a browser must neither run nor guess it. */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { RuntimeFiles } from "../execution/runtime/RuntimeFiles.ts"
import type { RunFile } from "../recording/Runs.ts"
import { respond } from "./ErrorMapping.ts"

const notFound = respond({
  code: "FILE_NOT_FOUND",
  message: "There is no such file in the run, or it is gone.",
})

/** RFC 6266 / 8187: the name in a form that any text survives in. */
const disposition = (filename: string): string =>
  `attachment; filename*=UTF-8''${encodeURIComponent(filename.toWellFormed())}`

/** A type is text of the runtime's; what does not look like one is a stream of bytes. */
const contentType = (mimeType: string): string =>
  /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w-]+)*$/.test(mimeType) ? mimeType : "application/octet-stream"

export const make = (files: RuntimeFiles["Service"], file: RunFile | undefined) =>
  file === undefined
    ? Effect.succeed(notFound)
    : Effect.match(files.fetch(file.path), {
        onFailure: () => notFound,
        onSuccess: (bytes) =>
          HttpServerResponse.stream(bytes, {
            contentType: contentType(file.mimeType),
            headers: {
              "content-disposition": disposition(file.filename),
              "x-content-type-options": "nosniff",
              "content-security-policy": "sandbox",
              "cache-control": "private, no-store",
            },
          }),
      })

/**
 * The files in the body of an upload: one raw file, or the file parts of a form. Bytes are passed on as they arrive. A
 * client that pauses too long, or is too slow as a whole, is refused.
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Multipart from "effect/http/Multipart"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { mostAttachments } from "../domain/AttachmentInput.ts"
import { filenameIn } from "../files/ContentDisposition.ts"
import { FileTooLarge } from "../files/FileContents.ts"
import type { Incoming } from "../files/FileIntake.ts"

export class UploadTooSlow extends Schema.TaggedError<UploadTooSlow>()("UploadTooSlow", {
  /** Seconds. */
  limit: Schema.Int,
}) {}

/** The body cannot be read: the form is broken, or the client has stopped in the middle. */
export class UploadUnreadable extends Schema.TaggedError<UploadUnreadable>()("UploadUnreadable", {
  reason: Schema.String,
}) {}

/** Seconds. Twenty files of 20 MiB take ten minutes over 5 Mbit/s. */
export const limits = { idle: 30, total: 600 }

/** The file parts, and some fields that are ignored. */
const mostParts = 2 * mostAttachments
/** The boundaries and headers of all parts. */
const formBytes = 1024 * 1024

type BodyError = FileTooLarge | UploadTooSlow | UploadUnreadable

const unreadable = new UploadUnreadable({ reason: "The body could not be read to its end" })

const paced = <E>(bytes: Stream.Stream<Uint8Array, E>, mapped: (error: E) => BodyError) =>
  bytes.pipe(
    Stream.mapError(mapped),
    Stream.timeoutOrElse({
      duration: `${limits.idle} seconds`,
      orElse: () => Stream.fail(new UploadTooSlow({ limit: limits.idle })),
    }),
  )

const ofForm =
  (maxBytes: number) =>
  ({ reason }: Multipart.MultipartError): BodyError => {
    switch (reason._tag) {
      case "BodyTooLarge":
      case "FileTooLarge":
        return new FileTooLarge({ limit: maxBytes })
      case "TooManyParts":
        return new UploadUnreadable({ reason: `Expected at most ${mostAttachments} files` })
      default:
        return new UploadUnreadable({ reason: "Expected a complete multipart/form-data body" })
    }
  }

const formFiles = (request: HttpServerRequest.HttpServerRequest, maxBytes: number) => {
  const mapped = ofForm(maxBytes)
  const services = Multipart.limitsServices({
    maxParts: mostParts,
    maxFieldSize: ByteSize.kibibytes(64),
    maxTotalSize: ByteSize.bytes(maxBytes * mostAttachments + formBytes),
  })
  return request.multipartStream.pipe(
    Stream.provideContext(services),
    Stream.mapError(mapped),
    Stream.timeoutOrElse({
      duration: `${limits.total} seconds`,
      orElse: () => Stream.fail(new UploadTooSlow({ limit: limits.total })),
    }),
    Stream.filter(Multipart.isFile),
    Stream.map((part): Incoming<BodyError> => ({
      filename: part.name,
      type: part.contentType,
      bytes: paced(part.content, mapped),
    })),
  )
}

/** `maxBytes`: of one file. `filename`: from the query, which takes precedence for a raw file. */
export const filesIn = (
  request: HttpServerRequest.HttpServerRequest,
  maxBytes: number,
  filename: string | undefined,
): Stream.Stream<Incoming<BodyError>, BodyError> => {
  const type = request.headers["content-type"]
  if (/^multipart\/form-data\b/i.test(type ?? "")) return formFiles(request, maxBytes)
  // Refused before a byte is read; `FileContents` counts the bytes of a body without a length.
  if (Number(request.headers["content-length"] ?? 0) > maxBytes)
    return Stream.fail(new FileTooLarge({ limit: maxBytes }))
  const disposition = request.headers["content-disposition"]
  return Stream.make({
    filename: filename ?? (disposition === undefined ? undefined : filenameIn(disposition)),
    type,
    bytes: paced(request.stream, () => unreadable),
  })
}

/** Ends an upload that takes too long as a whole. */
export const within = <A, E, R>(upload: Effect.Effect<A, E, R>): Effect.Effect<A, E | UploadTooSlow, R> =>
  Effect.timeoutOrElse(upload, {
    duration: `${limits.total} seconds`,
    orElse: () => Effect.fail(new UploadTooSlow({ limit: limits.total })),
  })

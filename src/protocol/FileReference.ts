/**
 * The files in the messages of foreign protocols. Pure. A file is a data URL, or the address of an uploaded file, of which
 * only the id counts: no address is ever fetched.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type AttachmentInput, mostAttachments } from "../domain/AttachmentInput.ts"
import { FileId } from "../domain/Ids.ts"

/** A file of a message. `path`: its place in the body, for errors. */
export interface ReferredFile {
  readonly input: AttachmentInput
  readonly path: string
}

export const expectedFile =
  "Expected a data URL, or the address of an uploaded file (/api/v1/files/<id>): other addresses are not fetched"
export const tooManyFiles = `Expected at most ${mostAttachments} files`

const decodeId = Schema.decodeUnknownOption(FileId)

/** The id at the end of the address of an uploaded file, whatever host the client knows the service by. */
const uploadedAt = /^(?:https?:\/\/[^/?#]+)?\/(?:[^?#]*\/)?api\/v1\/files\/([^/?#]+)(?:[?#]|$)/i

const named = (data: string, filename: string | undefined): AttachmentInput =>
  filename === undefined || filename === "" ? { data } : { data, filename }

/** Undefined for any other address. */
export const ofUrl = (url: string, filename?: string): AttachmentInput | undefined => {
  if (/^data:/i.test(url)) return named(`data:${url.slice("data:".length)}`, filename)
  return ofId(uploadedAt.exec(url)?.[1] ?? "")
}

export const ofId = (id: string): AttachmentInput | undefined =>
  Option.getOrUndefined(Option.map(decodeId(id.toLowerCase()), (fileId) => ({ fileId })))

/** A data URL of base64 without its header. */
export const ofData = (base64: string, mediaType: string, filename?: string): AttachmentInput =>
  named(`data:${mediaType};base64,${base64}`, filename)

/** Distinguishes requests with different files. */
export const keyOf = (files: ReadonlyArray<ReferredFile>): ReadonlyArray<AttachmentInput> =>
  files.map(({ input }) => input)

/** A message with files may have no text. */
export const messageProblem = (
  text: string,
  files: number,
  textProblem: (text: string) => string | undefined,
): string | undefined => {
  if (files > mostAttachments) return tooManyFiles
  return files > 0 && text === "" ? undefined : textProblem(text)
}

/** A file of a new message, as a client names it: one that it has uploaded, or a small one in the request itself. */
import * as Schema from "effect/Schema"
import { FileId } from "./Ids.ts"

/** Files of one message. */
export const mostAttachments = 10

export const UploadedFile = Schema.Struct({ fileId: FileId })

export const DataFile = Schema.Struct({
  data: Schema.String.check(
    Schema.isStartingWith("data:", { message: "Expected a data URL: data:<type>;base64,<data>" }),
  ),
  filename: Schema.optionalKey(Schema.String),
})

export const AttachmentInput = Schema.Union([UploadedFile, DataFile])
export type AttachmentInput = typeof AttachmentInput.Type

export const AttachmentInputs = Schema.Array(AttachmentInput).check(
  Schema.isMaxLength(mostAttachments, { message: `Expected at most ${mostAttachments} attachments` }),
)

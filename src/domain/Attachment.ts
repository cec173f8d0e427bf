/** A file that a user sends with a message. */
import * as Schema from "effect/Schema"
import { FileId } from "./Ids.ts"

/** The kinds that upstreams tell apart. `text`: any text, such as Markdown, CSV or source code. */
export const AttachmentKind = Schema.Literals(["image", "pdf", "text"])
export type AttachmentKind = typeof AttachmentKind.Type

export const Attachment = Schema.Struct({
  fileId: FileId,
  filename: Schema.String,
  mediaType: Schema.String,
  kind: AttachmentKind,
  bytes: Schema.Int,
}).annotate({ identifier: "Attachment" })
export type Attachment = typeof Attachment.Type

/** A message in an export: all that is stored of it for its user. */
import * as Schema from "effect/Schema"
import { Attachment } from "./Attachment.ts"
import { ChatMessage } from "./Session.ts"

export const ExportedMessage = Schema.Struct({
  ...ChatMessage.fields,
  /** The Agent2UI messages of an answer as its reader saw them. Messages from before they were stored have none. */
  parts: Schema.Array(Schema.Json),
  /** The facts of the files, without their contents. */
  attachments: Schema.Array(Attachment),
  feedback: Schema.NullOr(
    Schema.Struct({
      rating: Schema.NullOr(Schema.Literals(["up", "down"])),
      score: Schema.NullOr(Schema.Finite),
      comment: Schema.NullOr(Schema.String),
      createdAt: Schema.Int,
      updatedAt: Schema.Int,
    }),
  ),
})
export type ExportedMessage = typeof ExportedMessage.Type

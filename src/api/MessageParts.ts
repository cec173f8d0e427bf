/** A message as parts, instead of a text and attachments. Pure. */
import * as Schema from "effect/Schema"
import { type AttachmentInput, DataFile, UploadedFile } from "../domain/AttachmentInput.ts"
import { isBlank } from "../domain/History.ts"

const file = { type: Schema.Literal("file") }

const MessagePart = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
  Schema.Struct({ ...file, ...UploadedFile.fields }),
  Schema.Struct({ ...file, ...DataFile.fields }),
])

export const MessageParts = Schema.NonEmptyArray(MessagePart).check(
  Schema.isMaxLength(100, { message: "Expected at most 100 parts" }),
)
type MessageParts = typeof MessageParts.Type

interface Given {
  readonly message?: string
  readonly attachments?: ReadonlyArray<AttachmentInput>
  readonly parts?: MessageParts
}

/** The files of a request. `places`: the position of each file in `parts`, for errors. */
export interface GivenFiles {
  readonly inputs?: ReadonlyArray<AttachmentInput>
  readonly places?: ReadonlyArray<number>
}

/** The texts of the parts, one paragraph each. */
export const textOf = (parts: MessageParts): string =>
  parts.flatMap((part) => (part.type === "text" && !isBlank(part.text) ? [part.text] : [])).join("\n\n")

const filesOf = (parts: MessageParts) =>
  parts.flatMap((part, place) => {
    if (part.type === "text") return []
    const { type: _, ...input } = part
    return [{ input, place }]
  })

export const fileCount = (parts: MessageParts): number => filesOf(parts).length

/** The text and the files of a request in either form. */
export const messageOf = ({
  attachments,
  message,
  parts,
}: Given): { readonly message?: string; readonly files: GivenFiles } => {
  if (parts === undefined)
    return {
      ...(message === undefined ? {} : { message }),
      files: attachments === undefined ? {} : { inputs: attachments },
    }
  const files = filesOf(parts)
  const text = textOf(parts)
  return {
    ...(text === "" ? {} : { message: text }),
    files: { inputs: files.map(({ input }) => input), places: files.map(({ place }) => place) },
  }
}

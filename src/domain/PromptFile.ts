/** The text forms of a file in a prompt: its mark, its heading, and the part of a text file that is sent. Pure. */
import type { Attachment } from "./Attachment.ts"

/** About 65 000 tokens. A longer text would leave no room in most models. */
export const mostTextBytes = 256 * 1024

/** A name with control characters or line ends could pass for other lines of the prompt. */
const nameOf = ({ filename }: Pick<Attachment, "filename">): string =>
  filename
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}[\]]+/gu, " ")
    .trim() || "unnamed"

/** Stands for a file that is not sent. */
export const markOf = (file: Pick<Attachment, "filename">): string => `[file: ${nameOf(file)}]`

export const withMarks = (content: string, left: ReadonlyArray<Pick<Attachment, "filename">>): string =>
  left.length === 0
    ? content
    : [content, left.map(markOf).join("\n")].filter((text) => text !== "").join("\n\n")

/** A text file as a part of a prompt. `text`: its contents, or their beginning. */
export const textOf = (file: Pick<Attachment, "bytes" | "filename">, text: string): string => {
  const heading = markOf(file)
  const cut =
    file.bytes > mostTextBytes ? `\n[the file has ${file.bytes} bytes; only its beginning is here]` : ""
  return `${heading}\n${text}${cut}`
}

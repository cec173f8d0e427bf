/** The content of a message with its files, in the form of each wire that several places use. Pure. */
import { isBlank, type PromptMessage } from "../../domain/History.ts"
import * as PromptFile from "../../domain/PromptFile.ts"
import { filesOf, type LoadedFile, type LoadedFiles } from "./AttachmentRules.ts"

export type Files = LoadedFiles | undefined

interface Parts<P> {
  /** An image or a PDF. */
  readonly file: (file: LoadedFile) => P
  readonly text: (text: string) => P
}

export const dataUrl = ({ content, mediaType }: LoadedFile): string => `data:${mediaType};base64,${content}`

export const textOf = (file: LoadedFile): string => PromptFile.textOf(file, file.content)

/**
 * A text, or parts if there is an image or a PDF: text files are a part of the text, because many servers take only
 * texts. Files come first, as providers advise, and no part has a blank text, which providers refuse.
 */
export const contentOf = <P>(
  files: Files,
  message: Pick<PromptMessage, "attachments" | "content">,
  parts: Parts<P>,
): ReadonlyArray<P> | string => {
  const own = filesOf(files, message)
  const { content } = message
  if (own.length === 0) return content
  const rest = isBlank(content) ? [] : [content]
  if (own.every(({ kind }) => kind === "text")) return [...own.map(textOf), ...rest].join("\n\n")
  return [
    ...own.map((file) => (file.kind === "text" ? parts.text(textOf(file)) : parts.file(file))),
    ...rest.map(parts.text),
  ]
}

const chatParts = {
  file: (file: LoadedFile) =>
    file.kind === "image"
      ? { type: "image_url", image_url: { url: dataUrl(file) } }
      : { type: "file", file: { filename: file.filename.toWellFormed(), file_data: dataUrl(file) } },
  text: (text: string) => ({ type: "text", text }),
} as const

/** A message of OpenAI's chat completions. */
export const chatMessage = (files: Files, message: PromptMessage) => ({
  role: message.role,
  content: contentOf<ReturnType<typeof chatParts.file> | ReturnType<typeof chatParts.text>>(
    files,
    message,
    chatParts,
  ),
})

const responsesParts = {
  file: (file: LoadedFile) =>
    file.kind === "image"
      ? { type: "input_image", image_url: dataUrl(file), detail: "auto" }
      : { type: "input_file", filename: file.filename.toWellFormed(), file_data: dataUrl(file) },
  text: (text: string) => ({ type: "input_text", text }),
} as const

/** A message of OpenAI's responses. */
export const responsesMessage = (files: Files, message: PromptMessage) => ({
  role: message.role,
  content: contentOf<ReturnType<typeof responsesParts.file> | ReturnType<typeof responsesParts.text>>(
    files,
    message,
    responsesParts,
  ),
})

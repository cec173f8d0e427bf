/** The content of a user's message with its files, as AG-UI names it. Pure. */
import type { PromptMessage } from "../../domain/History.ts"
import type { LoadedFile } from "../files/AttachmentRules.ts"
import * as PromptContent from "../files/PromptContent.ts"
import type { Content } from "./AgUiWire.ts"

type Part = Exclude<Content, string>[number]

/** AG-UI has no field for a name, so agents get it as metadata. */
const parts = {
  file: ({ content, filename, kind, mediaType }: LoadedFile): Part => ({
    type: kind === "image" ? "image" : "document",
    source: { type: "data", value: content, mimeType: mediaType },
    metadata: { filename: filename.toWellFormed() },
  }),
  text: (text: string): Part => ({ type: "text", text }),
}

export const contentOf = (
  files: PromptContent.Files,
  message: Pick<PromptMessage, "attachments" | "content">,
): Content => PromptContent.contentOf(files, message, parts)

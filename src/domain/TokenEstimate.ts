/** Estimates tokens that no upstream has counted; each view marks them as estimates. Pure. */
import type { Agent } from "./Agent.ts"
import type { Attachment } from "./Attachment.ts"
import { mostTextBytes } from "./PromptFile.ts"

/**
 * Bytes of UTF-8 for each token. Byte-level tokenizers take about 4 characters of English (1 byte each) a token, 2 of
 * Cyrillic (2 bytes each) and 1 to 1.5 of Chinese or Japanese (3 bytes each).
 */
const bytesPerToken = 4

export const estimateTextTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / bytesPerToken)

/** Anthropic's figure for the largest image that it does not shrink; others count fewer. */
const imageTokens = 1600
/** Providers send each page as its text and as an image. */
const pageTokens = 2500
/** A page of text with few pictures. */
const pageBytes = 50 * 1024
/** The most pages that Anthropic takes. */
const mostPages = 100

export const estimateFileTokens = ({ bytes, kind }: Pick<Attachment, "bytes" | "kind">): number => {
  switch (kind) {
    case "image":
      return imageTokens
    case "pdf":
      return pageTokens * Math.min(Math.ceil(bytes / pageBytes), mostPages)
    case "text":
      return Math.ceil(Math.min(bytes, mostTextBytes) / bytesPerToken)
  }
}

interface Prompted {
  readonly content: string
  readonly attachments?: ReadonlyArray<Attachment>
}

export const estimateMessageTokens = ({ attachments = [], content }: Prompted): number =>
  attachments.reduce((sum, file) => sum + estimateFileTokens(file), estimateTextTokens(content))

export const estimatePromptTokens = (messages: ReadonlyArray<Prompted>): number =>
  messages.reduce((sum, message) => sum + estimateMessageTokens(message), 0)

/** A whole turn: the agent's instructions, the prompt, and the answer. */
export const estimateTokens = (agent: Agent, history: ReadonlyArray<Prompted>, answer: string): number =>
  estimateTextTokens(agent.settings.systemPrompt) + estimatePromptTokens(history) + estimateTextTokens(answer)

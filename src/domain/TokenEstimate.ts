/** Estimates tokens that no upstream has counted; each view marks them as estimates. Pure. */
import type { Agent } from "./Agent.ts"

/**
 * Bytes of UTF-8 for each token. Byte-level tokenizers take about 4 characters of English (1 byte each) a token, 2 of
 * Cyrillic (2 bytes each) and 1 to 1.5 of Chinese or Japanese (3 bytes each).
 */
const bytesPerToken = 4

export const estimateTextTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / bytesPerToken)

export const estimatePromptTokens = (messages: ReadonlyArray<{ readonly content: string }>): number =>
  messages.reduce((sum, { content }) => sum + estimateTextTokens(content), 0)

/** A whole turn: the agent's instructions, the prompt, and the answer. */
export const estimateTokens = (
  agent: Agent,
  history: ReadonlyArray<{ readonly content: string }>,
  answer: string,
): number =>
  estimateTextTokens(agent.settings.systemPrompt) + estimatePromptTokens(history) + estimateTextTokens(answer)

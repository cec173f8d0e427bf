/** Tokens of a turn that nobody counted: a guess, and marked as one wherever it is shown. Pure. */
import type { Agent } from "./Agent.ts"

/** Characters a token, on average, for English. */
const charactersPerToken = 4

export const estimateTokens = (agent: Agent, message: string, answer: string): number =>
  Math.ceil((agent.settings.systemPrompt.length + message.length + answer.length) / charactersPerToken)

/** The differences between the providers' wires. Everything else is the same for all of them. */
import type { DirectProvider, ProviderKind } from "../../domain/DirectProvider.ts"
import type { Turn } from "../Executor.ts"
import * as Anthropic from "./Anthropic.ts"
import type { Reader } from "./AnswerDecoder.ts"
import * as Gemini from "./Gemini.ts"
import * as OpenAiChat from "./OpenAiChat.ts"
import * as OpenAiResponses from "./OpenAiResponses.ts"

export interface Wire {
  /** Appended to the provider's address, with the wire's own query. */
  readonly path: (model: string) => string
  /** In addition to the headers of every provider. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: (settings: DirectProvider, turn: Turn, model: string) => unknown
  readonly reader: Reader
}

export const wires: Readonly<Record<ProviderKind, Wire>> = {
  "openai-compatible": OpenAiChat,
  sandbox: OpenAiChat,
  openai: OpenAiResponses,
  anthropic: Anthropic,
  google: Gemini,
}

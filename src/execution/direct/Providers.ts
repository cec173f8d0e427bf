/** The `@ai-sdk` language model of a configured provider. */
import { createAnthropic } from "@ai-sdk/anthropic"
import { createGoogleGenerativeAI } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import type { LanguageModelV4 } from "@ai-sdk/provider"
import * as Redacted from "effect/Redacted"
import { Agent, fetch as undiciFetch } from "undici"
import type { DirectProvider } from "../../domain/DirectProvider.ts"

export interface ProviderSettings extends DirectProvider {
  /** Whether an agent's own model name wins over `model`. Only sensible for the first provider: the rest do not have it. */
  readonly takesAgentModel: boolean
}

/** Those whose wire is their own, and read by their `@ai-sdk` package. */
export interface OwnWireSettings extends ProviderSettings {
  readonly kind: "openai" | "anthropic" | "google"
}

/** undici's fetch gives up after 300 s without headers or body; the attempt's own three clocks are the ones that count. */
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })
const patientFetch = ((input: string | URL, init?: RequestInit) =>
  undiciFetch(input, { ...(init as object), dispatcher })) as unknown as typeof globalThis.fetch

export const languageModel = (
  settings: OwnWireSettings,
): ((model: string | undefined) => LanguageModelV4) => {
  const common = {
    fetch: patientFetch,
    ...(settings.baseUrl === undefined ? {} : { baseURL: settings.baseUrl }),
    ...(settings.apiKey === undefined ? {} : { apiKey: Redacted.value(settings.apiKey) }),
  }
  const named = (make: (model: string) => LanguageModelV4) => (model: string | undefined) =>
    make(settings.takesAgentModel && model !== undefined ? model : settings.model)
  switch (settings.kind) {
    case "openai":
      return named(createOpenAI(common))
    case "anthropic":
      return named(createAnthropic(common))
    case "google":
      return named(createGoogleGenerativeAI(common))
  }
}

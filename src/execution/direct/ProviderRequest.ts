/** How a provider is asked, whatever its wire: address, headers, and the fields that not every provider takes. Pure. */
import * as Redacted from "effect/Redacted"
import type { AgentSettings } from "../../domain/Agent.ts"
import type { DirectProvider, ProviderKind } from "../../domain/DirectProvider.ts"

const ownAddresses: Partial<Record<ProviderKind, string>> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
}

/** The address of `path` below the provider's address. */
export const urlOf = ({ baseUrl, kind }: DirectProvider, path: string): string =>
  `${(baseUrl ?? ownAddresses[kind] ?? "").replace(/\/+$/, "")}${path}`

const keyHeaders: Partial<Record<ProviderKind, string>> = {
  anthropic: "x-api-key",
  google: "x-goog-api-key",
}

export const headersOf = ({ apiKey, kind }: DirectProvider): Readonly<Record<string, string>> => {
  if (apiKey === undefined) return {}
  const name = keyHeaders[kind]
  const key = Redacted.value(apiKey)
  return name === undefined ? { authorization: `Bearer ${key}` } : { [name]: key }
}

/** Undefined: not to be sent. */
export const temperatureFor = (
  settings: DirectProvider,
  _model: string,
  temperature: number | undefined,
): number | undefined => (settings.temperature ? temperature : undefined)

/** Undefined: not to be sent. */
export const maxTokensFor = (settings: DirectProvider, maxTokens: number | undefined): number | undefined =>
  settings.maxTokensField === "none" ? undefined : maxTokens

/** The fields of a chat completion that not every provider takes. Fields that are not set are absent. */
export const chatFields = (
  settings: DirectProvider,
  model: string,
  agent: Pick<AgentSettings, "maxTokens" | "temperature">,
): Readonly<Record<string, unknown>> => {
  const maxTokens = maxTokensFor(settings, agent.maxTokens)
  const temperature = temperatureFor(settings, model, agent.temperature)
  return {
    stream_options: { include_usage: true },
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
  }
}

/**
 * The parts of a request that do not depend on the wire: address, headers, and fields that only some providers
 * accept. Pure.
 */
import * as Redacted from "effect/Redacted"
import type { AgentSettings } from "../../domain/Agent.ts"
import type { DirectProvider } from "../../domain/DirectProvider.ts"
import { presets } from "../../domain/ProviderPreset.ts"

/**
 * The address of `path` below the provider's address. Queries of both remain, and the configured one is added. If the
 * address already ends with the path, as portals show it, it stays unchanged.
 */
export const urlOf = (settings: DirectProvider, path: string): string => {
  const [name = "", query = ""] = path.split("?")
  const url = new URL(settings.baseUrl ?? presets[settings.kind].baseUrl ?? "")
  const base = url.pathname.replace(/\/+$/, "")
  url.pathname = base.endsWith(name) ? base : `${base}${name}`
  const added = [...new URLSearchParams(query), ...Object.entries(settings.query)]
  for (const [key, value] of added) url.searchParams.set(key, value)
  return url.href
}

const keyHeaders: Partial<Record<DirectProvider["kind"], string>> = {
  anthropic: "x-api-key",
  google: "x-goog-api-key",
}

/** The header that carries the key. */
export const headerOf = ({ apiKeyHeader, kind }: Pick<DirectProvider, "apiKeyHeader" | "kind">): string =>
  apiKeyHeader ?? keyHeaders[kind] ?? "authorization"

/** Names are in lower case. Configured headers override the key's header. */
export const headersOf = (settings: DirectProvider): Readonly<Record<string, string>> => {
  const { apiKey } = settings
  const header = headerOf(settings)
  const bearer = header === "authorization" ? "Bearer " : ""
  const key = apiKey === undefined ? {} : { [header]: `${bearer}${Redacted.value(apiKey)}` }
  const own = Object.entries(settings.headers).map(([name, value]) => [name, Redacted.value(value)])
  return { ...key, ...Object.fromEntries(own) }
}

/**
 * OpenAI's reasoning models at any provider: o1, o3-mini, gpt-5, gpt-5.2-chat, openai/gpt-5-mini, but not gpt-5-chat.
 * Most refuse every temperature except their default.
 */
const reasons = /(?:^|\/)(?:o\d|gpt-(?:[5-9]|1\d)(?!\d|-chat))/

/** Undefined: do not send it. */
export const temperatureFor = (
  settings: DirectProvider,
  model: string,
  temperature: number | undefined,
): number | undefined => (settings.temperature && !reasons.test(model) ? temperature : undefined)

/** Undefined: do not send it. */
export const maxTokensFor = (settings: DirectProvider, maxTokens: number | undefined): number | undefined =>
  settings.maxTokensField === "none" ? undefined : maxTokens

/** The fields of a chat completion that only some providers accept. Unset fields are absent. */
export const chatFields = (
  settings: DirectProvider,
  model: string,
  agent: Pick<AgentSettings, "maxTokens" | "temperature">,
): Readonly<Record<string, unknown>> => {
  const { maxTokensField, streamUsage } = settings
  const maxTokens = maxTokensFor(settings, agent.maxTokens)
  const temperature = temperatureFor(settings, model, agent.temperature)
  return {
    ...(streamUsage ? { stream_options: { include_usage: true } } : {}),
    ...(maxTokens === undefined ? {} : { [maxTokensField]: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
  }
}

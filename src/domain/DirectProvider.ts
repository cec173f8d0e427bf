/** A direct LLM provider as it is configured. */
import type * as Redacted from "effect/Redacted"

export type ProviderKind = "openai-compatible" | "openai" | "anthropic" | "google" | "sandbox"

export interface DirectProvider {
  readonly name: string
  readonly kind: ProviderKind
  /** Undefined: the provider's own public address. */
  readonly baseUrl: string | undefined
  readonly apiKey: Redacted.Redacted<string> | undefined
  readonly model: string
  /** Sent with every request, as `Name: value`. Values may be secrets. */
  readonly headers: Readonly<Record<string, Redacted.Redacted<string>>>
  /** Added to the address of every request. */
  readonly query: Readonly<Record<string, string>>
  /** The header that carries the key. Undefined: `Authorization: Bearer`, or what the kind asks for. */
  readonly apiKeyHeader: string | undefined
  readonly maxTokensField: "max_tokens" | "max_completion_tokens" | "none"
  /** Send `stream_options.include_usage`. */
  readonly streamUsage: boolean
  /** Send an agent's temperature. */
  readonly temperature: boolean
}

/** The request settings of a provider that sets none. */
export const plainRequests = {
  headers: {},
  query: {},
  apiKeyHeader: undefined,
  maxTokensField: "max_tokens",
  streamUsage: true,
  temperature: true,
} as const satisfies Partial<DirectProvider>

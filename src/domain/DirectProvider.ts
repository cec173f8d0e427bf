/** The configuration of a direct LLM provider. */
import type * as Redacted from "effect/Redacted"
import type { AttachmentKind } from "./Attachment.ts"

export type ProviderKind = "openai-compatible" | "openai" | "anthropic" | "google" | "sandbox"

export interface DirectProvider {
  readonly name: string
  readonly kind: ProviderKind
  /** Undefined: the provider's public address. */
  readonly baseUrl: string | undefined
  readonly apiKey: Redacted.Redacted<string> | undefined
  readonly model: string
  /** Sent with each request as `Name: value`. Values may be secrets. */
  readonly headers: Readonly<Record<string, Redacted.Redacted<string>>>
  /** Added to the address of each request. */
  readonly query: Readonly<Record<string, string>>
  /** The header of the key. Undefined: `Authorization: Bearer`, or the header of the kind. */
  readonly apiKeyHeader: string | undefined
  readonly maxTokensField: "max_tokens" | "max_completion_tokens" | "none"
  /** True to send `stream_options.include_usage`. */
  readonly streamUsage: boolean
  /** The kinds of files that the model takes. `text` always counts: a text file is a part of the text. */
  readonly attachments: ReadonlyArray<AttachmentKind>
  /** True to send an agent's temperature. */
  readonly temperature: boolean
}

/** The request settings of a provider that configures none. */
export const plainRequests = {
  headers: {},
  query: {},
  apiKeyHeader: undefined,
  maxTokensField: "max_tokens",
  streamUsage: true,
  temperature: true,
  attachments: ["text"],
} as const satisfies Partial<DirectProvider>

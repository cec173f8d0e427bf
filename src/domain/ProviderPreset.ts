/**
 * The values of `DIRECT_LLM_<NAME>_KIND`: each wire under its own name, and providers of the OpenAI-compatible wire
 * with their own address, key header and fields. docs/reference/providers.md has the facts behind each line, with
 * sources.
 */
import { type DirectProvider, plainRequests, type ProviderKind } from "./DirectProvider.ts"

export type RequestSettings = Pick<DirectProvider, keyof typeof plainRequests>

export interface Preset {
  /** The wire. */
  readonly kind: ProviderKind
  /** The public address. Undefined: there is none, so the environment must set one. */
  readonly baseUrl: string | undefined
  readonly needsKey: boolean
  /** The differences from `plainRequests`. */
  readonly requests: Partial<RequestSettings>
}

const compatible = { kind: "openai-compatible", baseUrl: undefined, needsKey: false, requests: {} } as const
const hosted = (baseUrl: string, requests: Preset["requests"] = {}): Preset => ({
  ...compatible,
  baseUrl,
  needsKey: true,
  requests,
})

/**
 * All current models of these providers take images. With other servers it depends on the model, so the operator sets
 * it.
 */
const allKinds: Preset["requests"] = { attachments: ["image", "pdf", "text"] }
const images: Preset["requests"] = { attachments: ["image", "text"] }

export const presets = {
  "openai-compatible": compatible,
  openai: { kind: "openai", baseUrl: "https://api.openai.com/v1", needsKey: true, requests: allKinds },
  anthropic: {
    kind: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    needsKey: true,
    requests: allKinds,
  },
  google: {
    kind: "google",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    needsKey: true,
    requests: allKinds,
  },
  sandbox: { ...compatible, kind: "sandbox", requests: allKinds },
  azure: {
    ...compatible,
    needsKey: true,
    requests: { apiKeyHeader: "api-key", maxTokensField: "max_completion_tokens", ...images },
  },
  ollama: { ...compatible, baseUrl: "http://127.0.0.1:11434/v1" },
  vllm: { ...compatible, baseUrl: "http://127.0.0.1:8000/v1" },
  openrouter: hosted("https://openrouter.ai/api/v1", { streamUsage: false }),
  deepseek: hosted("https://api.deepseek.com"),
  mistral: hosted("https://api.mistral.ai/v1", { streamUsage: false, ...images }),
  groq: hosted("https://api.groq.com/openai/v1", { maxTokensField: "max_completion_tokens" }),
  gemini: hosted("https://generativelanguage.googleapis.com/v1beta/openai", images),
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof presets

/** The newest version of Azure's deployment addresses that is not a preview. */
const azureVersion = "2024-10-21"
/** Earlier versions refuse `max_completion_tokens` and `stream_options`. */
const azureReasoningVersion = "2024-09"

/**
 * Azure has two kinds of address: `/openai/v1`, without versions, and one for each deployment, which needs a version.
 * A resource's bare address means the first. `baseUrl` must be valid; `query` is added to it.
 */
export const azureAt = (
  baseUrl: string,
  query: DirectProvider["query"],
): { readonly baseUrl: string; readonly requests: Partial<RequestSettings> } => {
  const url = new URL(baseUrl)
  if (url.pathname === "/") url.pathname = "/openai/v1"
  const address = { baseUrl: url.href, requests: presets.azure.requests }
  if (/\/openai\/v1(?:\/|$)/.test(url.pathname)) return address
  const version = query["api-version"] ?? url.searchParams.get("api-version")
  if (version === null) {
    return { ...address, requests: { ...presets.azure.requests, query: { "api-version": azureVersion } } }
  }
  return version < azureReasoningVersion
    ? { ...address, requests: { apiKeyHeader: "api-key", streamUsage: false, ...images } }
    : address
}

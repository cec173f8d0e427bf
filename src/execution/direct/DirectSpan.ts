/** The name and attributes of a direct attempt's span, as known at its start. */
import type { Turn } from "../Executor.ts"
import type { ProviderSettings } from "./Providers.ts"

/** The names of provider kinds in OpenTelemetry's conventions for generative AI. */
const providerNames: Readonly<Record<ProviderSettings["kind"], string | undefined>> = {
  anthropic: "anthropic",
  google: "gcp.gemini",
  openai: "openai",
  "openai-compatible": undefined,
  sandbox: undefined,
}

export const of = (settings: ProviderSettings, modelId: string, turn: Turn) => ({
  name: `chat ${modelId}`,
  attributes: {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": providerNames[settings.kind] ?? settings.name,
    "gen_ai.request.model": modelId,
    "gen_ai.request.max_tokens": turn.agent.settings.maxTokens,
    "gen_ai.request.temperature": turn.agent.settings.temperature,
    "gen_ai.conversation.id": turn.sessionId,
    "gen_ai.output.type": "text",
  },
})

/** Decides which turns of direct mode may use the cache, and builds their key. Pure. */
import { createHash } from "node:crypto"
import * as Redacted from "effect/Redacted"
import { needsTools } from "../../domain/Agent.ts"
import type { Turn } from "../Executor.ts"
import { keyOf } from "./AnswerCache.ts"
import type { ProviderSettings } from "./Providers.ts"

const headerValues = ({ headers }: ProviderSettings) =>
  Object.entries(headers).map(([name, value]) => [name, Redacted.value(value)])

/**
 * An answer must never reach another organisation, so the key contains the organisation and all data that the
 * provider receives.
 */
export const answerKey = (turn: Turn, provider: ProviderSettings): string => {
  const { maxTokens, model, systemPrompt, temperature } = turn.agent.settings
  const parts = {
    provider: [provider.name, provider.kind, provider.baseUrl, provider.model, provider.takesAgentModel],
    request: [headerValues(provider), provider.query, provider.maxTokensField, provider.temperature],
    agent: [systemPrompt, model, temperature, maxTokens],
    history: turn.history.map(({ attachments = [], content, role }) => [
      role,
      content,
      ...attachments.map(({ fileId }) => fileId),
    ]),
    message: [turn.message, ...turn.attachments.map(({ fileId }) => fileId)],
  }
  return keyOf(turn.orgId, createHash("sha256").update(JSON.stringify(parts)).digest("hex"))
}

/**
 * An agent with tools may have had an effect. A shadow or a probe measures the provider. A user who asks again wants another
 * answer than the stored one.
 */
export const isCacheable = (turn: Turn, orgs: ReadonlySet<string>): boolean =>
  orgs.has(turn.orgId) && !needsTools(turn.agent) && !turn.shadow && !turn.probe && turn.again !== true

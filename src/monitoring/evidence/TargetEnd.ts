/**
 * The end of a user's attempt as evidence about its target: for a direct provider's breaker, and for the list of agents
 * that a target refuses. Pure; times are epoch milliseconds.
 */
import type { AgentId, OrgId } from "../../domain/Ids.ts"
import type { Attempt } from "../../domain/Run.ts"
import type { Health } from "../Health.ts"
import * as ProviderBreakers from "../breaker/ProviderBreakers.ts"
import * as Refusals from "./Refusals.ts"

export interface EndedAttempt {
  readonly orgId: OrgId
  readonly agentId: AgentId
  readonly attempt: Attempt
  /** For an attempt in direct mode. */
  readonly pass: ProviderBreakers.Pass | undefined
  /** Status and codes of its failure. They may be logged; the attempt's own error message may not. */
  readonly codes?: string | undefined
  /** The pause that the target asked for. */
  readonly pauseMs?: number | undefined
}

const refusalCodes: ReadonlySet<string | null> = new Set([
  "UPSTREAM_REJECTED",
  "UPSTREAM_MISCONFIGURED",
  "AGENT_MISCONFIGURED",
])

/** Gives the line to log; undefined most of the time. */
export const record = (
  health: Health,
  ended: EndedAttempt,
  now: number,
): readonly [line: string | undefined, Health] => {
  const [moved, judged] = judge(health, ended, now)
  // A provider's transition is the more important line; the refusal counts at the next end.
  return moved === undefined ? recordRefusal(judged, ended, now) : [moved, judged]
}

const judge = (
  health: Health,
  { attempt, orgId, pass, pauseMs }: EndedAttempt,
  now: number,
): readonly [string | undefined, Health] => {
  if (pass === undefined) return [undefined, health]
  // A cached answer shows nothing about the provider, which received no request.
  const outcome = attempt.usage?.cached === true ? "neutral" : attempt.outcome
  const startedAt = now - (attempt.endedAt - attempt.startedAt)
  const { breakers, providers } = health
  const ended = { pass, orgId, outcome, startedAt, pauseMs }
  const [moved, judged] = ProviderBreakers.ended(providers, breakers.policy, ended, now)
  const line = moved && `the provider ${pass.provider}: ${moved.from} -> ${moved.to}, ${moved.reason}`
  return [line, { ...health, providers: judged }]
}

const recordRefusal = (
  health: Health,
  { agentId, attempt, codes, orgId }: EndedAttempt,
  now: number,
): readonly [string | undefined, Health] => {
  const { code, outcome, target } = attempt
  const by = { agentId, orgId, target }
  if (outcome === "success") {
    return [undefined, { ...health, refusals: Refusals.answered(health.refusals, by) }]
  }
  if (code === null || !refusalCodes.has(code)) return [undefined, health]
  const failure = codes ?? code
  const [isLogged, refusals] = Refusals.refused(health.refusals, by, failure, now)
  const line = `${target} has refused the agent ${agentId} of ${orgId} three times in a row: ${failure}`
  return [isLogged ? line : undefined, { ...health, refusals }]
}

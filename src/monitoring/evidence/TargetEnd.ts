/**
 * The end of a user's attempt as evidence about its target: for a direct provider's breaker, and for the list of agents
 * that a target refuses. Pure; changes `Health` in place; times are epoch milliseconds.
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
  /** Status and codes of its failure, which may be logged; the attempt's own account of it may not. */
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
export const record = (health: Health, ended: EndedAttempt, now: number): string | undefined =>
  judge(health, ended, now) ?? refusalOf(health, ended, now)

const judge = (
  health: Health,
  { attempt, orgId, pass, pauseMs }: EndedAttempt,
  now: number,
): string | undefined => {
  if (pass === undefined) return undefined
  // A cached answer says nothing about the provider, which was not asked.
  const outcome = attempt.usage?.cached === true ? "neutral" : attempt.outcome
  const startedAt = now - (attempt.endedAt - attempt.startedAt)
  const moved = ProviderBreakers.ended(health.providers, { pass, orgId, outcome, startedAt, pauseMs }, now)
  return moved && `the provider ${pass.provider}: ${moved.from} -> ${moved.to}, ${moved.reason}`
}

const refusalOf = (
  { refusals }: Health,
  { agentId, attempt, codes, orgId }: EndedAttempt,
  now: number,
): string | undefined => {
  const { code, outcome, target } = attempt
  if (outcome === "success") {
    Refusals.answered(refusals, { agentId, orgId, target })
    return undefined
  }
  if (code === null || !refusalCodes.has(code)) return undefined
  const said = codes ?? code
  return Refusals.refused(refusals, { agentId, orgId, target }, said, now)
    ? `${target} has refused the agent ${agentId} of ${orgId} three times in a row: ${said}`
    : undefined
}

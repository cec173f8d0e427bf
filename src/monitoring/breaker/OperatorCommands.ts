/** Executes the commands of operators on `Health`: overrides and resets. Pure; times are epoch milliseconds. */
import type { OrgId } from "../../domain/Ids.ts"
import * as FaultCounter from "../evidence/FaultCounter.ts"
import type { Health } from "../Health.ts"
import * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import * as Moves from "./Moves.ts"
import type { OperatorCommand } from "./OperatorCommand.ts"
import type { OperatorOverride } from "./OperatorOverride.ts"
import * as ProviderBreakers from "./ProviderBreakers.ts"

const withoutLevel = (breaker: Breaker.Breaker): Breaker.Breaker =>
  breaker.state === "closed" ? { ...breaker, level: undefined } : breaker

/** Clears the evidence against one organisation or against all, and the level of a closed breaker. */
export const clearEvidence = (health: Health, orgId: OrgId | undefined, now: number): Health => {
  const { breakers, providers } = health
  if (orgId === undefined) {
    const voided = Moves.voidEvidence({ ...breakers, global: withoutLevel(breakers.global) })
    const cleared = { ...voided, directFaults: FaultCounter.clear(voided.directFaults) }
    return { ...health, breakers: cleared, providers: ProviderBreakers.reset(providers, now) }
  }
  const withdrawn = Moves.withdraw(breakers, orgId, now)
  const org = Breakers.orgOf(withdrawn, orgId)
  if (org === undefined) return health
  const cleared = { ...org, breaker: withoutLevel(org.breaker), faults: FaultCounter.clear(org.faults) }
  return { ...health, breakers: Breakers.setOrg(withdrawn, cleared) }
}

const close = (health: Health, now: number, reason: string, orgId: OrgId | undefined): Health => {
  const { breakers } = health
  const reset = (breaker: Breaker.Breaker) => Breaker.reset(breaker, now, reason)
  if (orgId === undefined) {
    const closed = Moves.closeOrgs(breakers, now, reason)
    return { ...health, breakers: Moves.moveGlobal(closed, reset(closed.global)) }
  }
  const own = Breakers.orgOf(breakers, orgId)?.breaker
  if (own === undefined) return health
  return { ...health, breakers: Moves.moveOrg(breakers, orgId, reset(own), now) }
}

/** Every change that the command causes refers to it. */
export const execute = (before: Health, command: OperatorCommand, now: number): Health => {
  const health = { ...before, breakers: { ...before.breakers, command } }
  const done = carryOut(health, command, now)
  return { ...done, breakers: { ...done.breakers, command: undefined } }
}

const carryOut = (health: Health, command: OperatorCommand, now: number): Health => {
  const { orgId, reason } = command
  if (command._tag === "reset") return clearEvidence(close(health, now, reason, orgId), orgId, now)
  const breakers = orgId === undefined ? health.breakers : Breakers.use(health.breakers, orgId, now)
  const override = command.override && { ...command.override, since: now }
  return {
    ...health,
    breakers: Breakers.changeOverride(breakers, orgId ?? null, override, now, reason),
  }
}

/** Closes the breaker of one organisation, or without `orgId` every breaker, and clears the evidence. */
export const reset = (health: Health, now: number, reason: string, orgId?: OrgId, by?: string): Health =>
  execute(health, { _tag: "reset", orgId, reason, by }, now)

/** Sets an override from now on; undefined ends it. */
export const override = (
  health: Health,
  now: number,
  given: Omit<OperatorOverride, "since"> | undefined,
  reason: string,
  orgId?: OrgId,
  by?: string,
): Health => execute(health, { _tag: "override", override: given, orgId, reason, by }, now)

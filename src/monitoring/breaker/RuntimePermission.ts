/**
 * Decides whether a turn may use the runtime now: first by the organisation's breaker, then by the global one. Pure; the new
 * state holds the lease of a probe that is due.
 */
import * as Bucket from "../../domain/Bucket.ts"
import type { OrgId } from "../../domain/Ids.ts"
import * as Health from "../Health.ts"
import type { Policy } from "../Policy.ts"
import * as Probing from "../probes/Probing.ts"
import type * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import * as HalfOpenProbe from "./HalfOpenProbe.ts"
import * as Moves from "./Moves.ts"
import * as OperatorOverride from "./OperatorOverride.ts"
import * as Ramp from "./Ramp.ts"
import type { Ticket } from "./Ticket.ts"
import * as TripRules from "./TripRules.ts"

interface Answer {
  readonly allowed: "yes" | "no" | "probe"
  /** The breaker that decides; "none" for a turn without restriction. */
  readonly scope: "none" | "org" | "global"
  readonly reason: string
}

export interface RuntimePermission extends Answer {
  readonly ticket: Ticket
}

const yes = (reason: string): Answer => ({ allowed: "yes", scope: "none", reason })

const leased = (admitted: HalfOpenProbe.Admitted, scope: "org" | "global"): Answer => {
  const why = admitted.breaker.state === "closed" ? "" : admitted.breaker.reason
  return admitted.admitted === "probe"
    ? { allowed: "probe", scope, reason: `a probe, after: ${why}` }
    : { allowed: "no", scope, reason: why }
}

const inRamp = (policy: Policy, ramp: Breaker.Ramp, sessionId: string): Answer => {
  const share = Ramp.shareOf(policy, ramp)
  return Bucket.placeOf("ramp", sessionId) < share
    ? yes(`among the ${share * 100} % that are back`)
    : { allowed: "no", scope: "global", reason: `${share * 100} % are back, after: ${ramp.reason}` }
}

const byOrg = (
  { breakers, settings }: Health.Health,
  orgId: OrgId,
  left: Breaker.Open | Breaker.HalfOpen,
  now: number,
): readonly [Answer, Breakers.Breakers] => {
  const admitted = HalfOpenProbe.admit(left, now, settings.timeoutThresholdMs)
  return [leased(admitted, "org"), Moves.moveOrg(breakers, orgId, admitted, now)]
}

const byGlobal = (
  { breakers, settings }: Health.Health,
  sessionId: string,
  now: number,
): readonly [Answer, Breakers.Breakers] => {
  const { global, policy, probing } = breakers
  if (global.state === "closed") return [yes("the runtime is in use"), breakers]
  if (TripRules.isDirectFailing(breakers, now))
    return [yes(`direct mode fails as well; after: ${global.reason}`), breakers]
  if (global.state === "ramp") return [inRamp(policy, global, sessionId), breakers]
  // With probes the breaker is half-open only after a restart with another setting, or after mute probes.
  if (global.state === "open" && settings.probes && !Probing.isMute(probing, policy)) {
    return [{ allowed: "no", scope: "global", reason: global.reason }, breakers]
  }
  const admitted = HalfOpenProbe.admit(global, now, settings.timeoutThresholdMs)
  return [leased(admitted, "global"), Moves.moveGlobal(breakers, admitted)]
}

/** Admits a turn. The caller must end a probe with `record` or `release`. */
export const admit = (
  before: Health.Health,
  orgId: OrgId,
  sessionId: string,
  now: number,
): readonly [RuntimePermission, Health.Health] => {
  const advanced = Health.advance(before, now)
  const used = Breakers.use(advanced.breakers, orgId, now, (org) => ({ ...org, wantedRuntimeAt: now }))
  const id = used.tickets + 1
  const health = { ...advanced, breakers: { ...used, wantedAt: now, tickets: id } }
  // An organisation that has left alone never probes for the others, nor do they for it.
  const own = Breakers.orgOf(used, orgId)?.breaker
  const [answer, breakers] =
    own?.state === "open" || own?.state === "half_open"
      ? byOrg(health, orgId, own, now)
      : byGlobal(health, sessionId, now)
  const isLastResort = answer.allowed === "no" && Health.hasNoDirect(health)
  const given = isLastResort ? yes(`no direct provider is configured; after: ${answer.reason}`) : answer
  const orgEpoch = Breakers.orgOf(breakers, orgId)?.breaker.epoch ?? 0
  const epochs = { id, globalEpoch: breakers.global.epoch, orgEpoch }
  const probe = given.allowed === "probe" && given.scope !== "none" ? { probe: given.scope } : {}
  return [
    { ...given, ticket: { ...epochs, ...probe } },
    { ...health, breakers },
  ]
}

/** The operator's override for the organisation's turns. */
export const overrideOf = (
  { breakers }: Health.Health,
  orgId: OrgId,
  now: number,
): OperatorOverride.OperatorOverride | undefined =>
  OperatorOverride.effective(breakers.override, Breakers.orgOf(breakers, orgId)?.override, now)

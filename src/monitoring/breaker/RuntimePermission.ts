/**
 * Who may use the runtime now: the word of the organisation's breaker, then of the breaker of all. Pure, but for the
 * lease of a probe, which it takes when one is due.
 */
import * as Bucket from "../../domain/Bucket.ts"
import type { OrgId } from "../../domain/Ids.ts"
import type * as Breaker from "./Breaker.ts"
import * as Breakers from "./Breakers.ts"
import * as OperatorOverride from "./OperatorOverride.ts"
import * as Health from "../Health.ts"
import * as TripRules from "./TripRules.ts"
import * as HalfOpenProbe from "./HalfOpenProbe.ts"
import type * as Orgs from "../evidence/Orgs.ts"
import * as Probing from "../probes/Probing.ts"
import * as Ramp from "./Ramp.ts"
import type { Ticket } from "./Ticket.ts"

/** `scope`: the breaker that says so; "none" when nothing keeps the turn from the runtime. */
export interface RuntimePermission {
  readonly allowed: "yes" | "no" | "probe"
  readonly scope: "none" | "org" | "global"
  readonly reason: string
  readonly ticket: Ticket
}

interface Word {
  readonly allowed: RuntimePermission["allowed"]
  readonly scope: RuntimePermission["scope"]
  readonly reason: string
}

const yes = (reason: string): Word => ({ allowed: "yes", scope: "none", reason })

const leased = (admitted: HalfOpenProbe.Admitted, scope: "org" | "global"): Word => {
  const why = admitted.breaker.state === "closed" ? "" : admitted.breaker.reason
  return admitted.admitted === "probe"
    ? { allowed: "probe", scope, reason: `a probe, after: ${why}` }
    : { allowed: "no", scope, reason: why }
}

const wordOfOrg = (
  health: Health.Health,
  org: Orgs.Org,
  left: Breaker.Open | Breaker.HalfOpen,
  now: number,
): Word => {
  const admitted = HalfOpenProbe.admit(left, now, health.settings.timeoutThresholdMs)
  Breakers.moveOrg(health.breakers, org, admitted, now)
  return leased(admitted, "org")
}

const inRamp = (ramp: Breaker.Ramp, sessionId: string): Word => {
  const share = Ramp.shareOf(ramp)
  return Bucket.placeOf("ramp", sessionId) < share
    ? yes(`among the ${share * 100} % that are back`)
    : { allowed: "no", scope: "global", reason: `${share * 100} % are back, after: ${ramp.reason}` }
}

const wordOfAll = ({ breakers, settings }: Health.Health, sessionId: string, now: number): Word => {
  const { global, probing } = breakers
  if (global.state === "closed") return yes("the runtime is in use")
  if (TripRules.isDirectFailing(breakers, now))
    return yes(`direct mode fails as well; after: ${global.reason}`)
  if (global.state === "ramp") return inRamp(global, sessionId)
  // Half-open although there are probes: what a restart brought along, or what mute probes led to.
  if (global.state === "open" && settings.probes && !Probing.isMute(probing)) {
    return { allowed: "no", scope: "global", reason: global.reason }
  }
  const admitted = HalfOpenProbe.admit(global, now, settings.timeoutThresholdMs)
  Breakers.moveGlobal(breakers, admitted)
  return leased(admitted, "global")
}

/** Takes the probe's lease when it is due: the caller must then end it with `record` or `release`. */
export const admit = (
  health: Health.Health,
  orgId: OrgId,
  sessionId: string,
  now: number,
): RuntimePermission => {
  Health.advance(health, now)
  const { breakers } = health
  const org = Breakers.touch(breakers, orgId, now)
  org.wantedRuntimeAt = now
  breakers.wantedAt = now
  // An organisation that has left alone never probes for the others, nor do they for it.
  const own = org.breaker
  const found =
    own.state === "open" || own.state === "half_open"
      ? wordOfOrg(health, org, own, now)
      : wordOfAll(health, sessionId, now)
  const isLastResort = found.allowed === "no" && Health.hasNoDirect(health)
  const word = isLastResort ? yes(`no direct provider is configured; after: ${found.reason}`) : found
  const epochs = { globalEpoch: breakers.global.epoch, orgEpoch: org.breaker.epoch }
  const probe = word.allowed === "probe" && word.scope !== "none" ? { probe: word.scope } : {}
  return { ...word, ticket: { ...epochs, ...probe } }
}

/** What an operator has ordered for the organisation's turns. */
export const forcedOf = (
  { breakers }: Health.Health,
  orgId: OrgId,
  now: number,
): OperatorOverride.OperatorOverride | undefined =>
  OperatorOverride.effective(breakers.forced, breakers.orgs.byId.get(orgId)?.forced, now)

/**
 * How one replica's breakers keep in step with the fleet's: what it did itself holds at once and waits to be agreed on;
 * what was agreed on takes the place of what it did. Pure; changed in place by its one owner, `FleetHealth`.
 *
 * Invariant: after a replica has heard a scope's newest revision and has nothing of its own unsettled there, its breaker is
 * that revision's. An operator's order is never lost: it is carried out again on top.
 */
import type { OrgId } from "../../domain/Ids.ts"
import * as Breaker from "../breaker/Breaker.ts"
import * as Breakers from "../breaker/Breakers.ts"
import * as Health from "../Health.ts"
import type { Revised } from "./HealthExchange.ts"
import type { ScopedTransition } from "../breaker/Transition.ts"

/** Null: the breaker of all. */
type Scope = OrgId | null

/**
 * The revision of each scope that is known here; without one it has none yet. An exchange that has forgotten everything
 * counts on from the first replica that comes back, so a number alone does not say whose revision it is.
 */
export type Revisions = Map<Scope, Revised>

export const revisionOf = (revisions: Revisions, scope: Scope): number => revisions.get(scope)?.revision ?? 0

const isSame = (one: Revised, other: Revised): boolean =>
  one.state.by === other.state.by && one.state.number === other.state.number

/** A transition that others may learn of. `ours`: this replica made it, and so writes it down. */
export interface Settled {
  readonly transition: ScopedTransition
  readonly ours: boolean
}

/** A scope's state as the fleet has it. `me`: who made it may be this replica, which was not told so. */
export const hear = (
  health: Health.Health,
  revisions: Revisions,
  me: string,
  revised: Revised,
  now: number,
): ReadonlyArray<Settled> => {
  const { revision, state } = revised
  const { orgId, transition } = state
  const known = revisions.get(orgId)
  if (
    known !== undefined &&
    (revision < known.revision || (revision === known.revision && isSame(known, revised)))
  )
    return []
  revisions.set(orgId, revised)
  if (state.by === me) return agreed(health, state.number)
  adopt(health, state, now)
  return transition === null ? [] : [{ transition, ours: false }]
}

/** What this replica did is what the fleet has now. */
const agreed = ({ breakers }: Health.Health, number: number): ReadonlyArray<Settled> => {
  const entry = breakers.unsettled.find((unsettled) => unsettled.number === number)
  if (entry === undefined) return []
  breakers.unsettled = breakers.unsettled.filter((unsettled) => unsettled !== entry)
  return tell(entry)
}

const tell = (entry: Breakers.Unsettled): ReadonlyArray<Settled> => {
  const { told, transition } = entry
  entry.told = true
  return told || transition === undefined ? [] : [{ transition, ours: true }]
}

/** The fleet has decided otherwise: what this replica did there comes to nothing, but for orders. */
const adopt = (health: Health.Health, state: Revised["state"], now: number): void => {
  const { breakers } = health
  const { breaker, forced, orgId, transition } = state
  const lost = breakers.unsettled.filter((entry) => entry.orgId === orgId)
  breakers.unsettled = breakers.unsettled.filter((entry) => entry.orgId !== orgId)
  for (const entry of lost) if (!entry.told) Breakers.strike(breakers, entry.transition)
  const isNews = orgId === null || breakers.orgs.byId.has(orgId)
  if (isNews || forced !== null || !Breaker.isPristine(breaker, now)) {
    const org = orgId === null ? undefined : Breakers.touch(breakers, orgId, now)
    Breakers.adopt(breakers, org, { breaker, forced }, now)
  }
  if (transition !== null) Breakers.log(breakers, transition)
  for (const { order } of lost) if (order !== undefined) Health.obey(health, order, now)
}

/**
 * Nobody can be asked: what this replica did holds here. It stays unsettled, of each scope the last of it and the orders,
 * so as to be agreed on when somebody can.
 */
export const goAlone = ({ breakers }: Health.Health): ReadonlyArray<Settled> => {
  const last = new Map(breakers.unsettled.map((entry) => [entry.orgId, entry]))
  const told = breakers.unsettled.flatMap(tell)
  breakers.unsettled = breakers.unsettled.filter(
    (entry) => entry.order !== undefined || last.get(entry.orgId) === entry,
  )
  return told
}

/** What the fleet has forgotten or never knew, compared with all that it has: to be told again. */
export const remind = (
  { breakers }: Health.Health,
  revisions: Revisions,
  states: ReadonlyArray<Revised>,
  now: number,
): void => {
  const theirs = new Map(states.map(({ revision, state }) => [state.orgId, revision]))
  const isKnown = (scope: Scope) => (theirs.get(scope) ?? 0) >= Math.max(revisionOf(revisions, scope), 1)
  const isWaiting = (scope: Scope) => breakers.unsettled.some(({ orgId }) => orgId === scope)
  const missing = (scope: Scope) => !isKnown(scope) && !isWaiting(scope)
  // Also a closed one: where its epoch is not known no attempt counts.
  const hasMoved = breakers.global.epoch > 0 || breakers.forced !== undefined
  if (hasMoved && missing(null)) Breakers.remind(breakers, undefined)
  for (const org of breakers.orgs.byId.values()) {
    const isPlain = org.forced === undefined && Breaker.isPristine(org.breaker, now)
    if ((!isPlain || revisions.has(org.id)) && missing(org.id)) Breakers.remind(breakers, org)
  }
}

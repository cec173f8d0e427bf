/**
 * The breaker of all and the breaker of each organisation, with the evidence that they judge and the log of what they
 * did. Changed in place by its one owner, `Health`; time is passed in as epoch milliseconds.
 *
 * Every breaker moves through `moveGlobal` and `moveOrg`, which keep evidence, epochs and log in step.
 */
import type { OrgId } from "../domain/Ids.ts"
import * as Breaker from "./Breaker.ts"
import * as Evidence from "./Evidence.ts"
import * as Orgs from "./Orgs.ts"
import * as SlidingWindow from "./SlidingWindow.ts"

export interface ScopedTransition extends Breaker.Transition {
  /** Whose breaker moved; null for the breaker of all. */
  readonly orgId: OrgId | null
}

export interface Breakers {
  readonly orgs: Orgs.Orgs
  /** Of all organisations: see Evidence. */
  readonly evidence: SlidingWindow.SlidingWindow
  /** Oldest first. */
  readonly transitions: Array<ScopedTransition>
  global: Breaker.Breaker
  /** Sum of all that the organisations' epochs ever rose: a breaker that starts here takes no forgotten one's tickets. */
  epochs: number
}

/** From fallback-policy.md; some 200 KB. */
const maxTransitions = 1000

export const make = (windowMs: number, now: number): Breakers => ({
  orgs: Orgs.make(windowMs),
  evidence: Evidence.make(windowMs),
  transitions: [],
  global: Breaker.closed(0, now),
  epochs: 0,
})

/** The organisation, which is now in use; made if need be. */
export const touch = (breakers: Breakers, orgId: OrgId, now: number): Orgs.Org =>
  Orgs.touch(breakers.orgs, orgId, now, {
    epoch: breakers.epochs,
    onDrop: (org) => Evidence.withdraw(breakers.evidence, org, breakers.global.epoch, now),
  })

/** On opening all evidence is void: here the sum, and that of each organisation because the epoch is another. */
export const moveGlobal = (breakers: Breakers, { breaker, transition }: Breaker.Moved): void => {
  if (leavesClosed(breakers.global, breaker)) SlidingWindow.clear(breakers.evidence)
  breakers.global = breaker
  if (transition !== undefined) note(breakers, { orgId: null, ...transition })
}

export const moveOrg = (
  breakers: Breakers,
  org: Orgs.Org,
  { breaker, transition }: Breaker.Moved,
  now: number,
): void => {
  if (leavesClosed(org.breaker, breaker)) {
    Evidence.withdraw(breakers.evidence, org, breakers.global.epoch, now)
  }
  breakers.epochs += breaker.epoch - org.breaker.epoch
  org.breaker = breaker
  if (transition !== undefined) note(breakers, { orgId: org.id, ...transition })
}

/** Closes the breakers of all organisations; the global one stays as it is. */
export const closeOrgs = (breakers: Breakers, now: number, reason: string): void => {
  for (const org of breakers.orgs.byId.values()) {
    moveOrg(breakers, org, Breaker.reset(org.breaker, now, reason), now)
  }
}

const leavesClosed = (from: Breaker.Breaker, to: Breaker.Breaker): boolean =>
  from.state === "closed" && to.state !== "closed"

const note = ({ transitions }: Breakers, transition: ScopedTransition): void => {
  transitions.push(transition)
  if (transitions.length > maxTransitions) transitions.shift()
}

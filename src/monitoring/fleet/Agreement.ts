/**
 * The agreement of one replica's breakers with the fleet's. A change of this replica holds at once and is pending until the
 * fleet accepts it; a change that the fleet has accepted replaces it. Pure; times are epoch milliseconds.
 *
 * Invariant: once a replica has received a scope's newest revision and has no pending change there, its breaker is that
 * revision's. An operator's command is never lost: it is replayed on top.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { OrgId } from "../../domain/Ids.ts"
import * as OrderedMap from "../../platform/OrderedMap.ts"
import * as Breaker from "../breaker/Breaker.ts"
import * as Breakers from "../breaker/Breakers.ts"
import * as Moves from "../breaker/Moves.ts"
import * as OperatorCommands from "../breaker/OperatorCommands.ts"
import type { ScopedTransition } from "../breaker/Transition.ts"
import type * as Health from "../Health.ts"
import type { Revised } from "./HealthExchange.ts"

/** Null: the global breaker. */
type Scope = OrgId | null

/**
 * The known revision of each scope; absent before the first one. An exchange that has lost its data counts on from the first
 * replica that returns, so a number alone does not identify a revision.
 */
export type Revisions = HashMap.HashMap<Scope, Revised>

export const revisionOf = (revisions: Revisions, scope: Scope): Revised | undefined =>
  Option.getOrUndefined(HashMap.get(revisions, scope))

const isSame = (one: Revised, other: Revised): boolean =>
  one.state.by === other.state.by && one.state.number === other.state.number

/** A transition that is final. */
export interface SettledTransition {
  readonly transition: ScopedTransition
  /** This replica made it, so it stores and announces it. */
  readonly ours: boolean
  /** This replica decided it without the exchange, so other replicas may decide the same. */
  readonly alone?: true | undefined
}

/** A state, and the transitions to publish with it. */
type Settled = readonly [ReadonlyArray<SettledTransition>, Health.Health]

export const isNew = (revisions: Revisions, revised: Revised): boolean => {
  const known = revisionOf(revisions, revised.state.orgId)
  if (known === undefined || revised.revision > known.revision) return true
  return revised.revision === known.revision && !isSame(known, revised)
}

/** Applies a new revision. `me` may be its author without having received the answer. */
export const receive = (health: Health.Health, me: string, { state }: Revised, now: number): Settled => {
  if (state.by === me) return accepted(health, state.number)
  const adopted = adopt(health, state, now)
  return [state.transition === null ? [] : [{ transition: state.transition, ours: false }], adopted]
}

const setPending = (
  health: Health.Health,
  pending: ReadonlyArray<Breakers.PendingChange>,
): Health.Health => ({ ...health, breakers: { ...health.breakers, pending } })

/** The fleet has accepted a change of this replica. */
const accepted = (health: Health.Health, number: number): Settled => {
  const { pending } = health.breakers
  const settled = unpublished(pending.filter((change) => change.number === number))
  return [
    settled,
    setPending(
      health,
      pending.filter((change) => change.number !== number),
    ),
  ]
}

const unpublished = (changes: ReadonlyArray<Breakers.PendingChange>): ReadonlyArray<SettledTransition> =>
  changes.flatMap(({ published, transition }) =>
    published || transition === undefined ? [] : [{ transition, ours: true }],
  )

/** The fleet has decided otherwise: the pending changes of this replica in the scope are lost, except for commands. */
const adopt = (before: Health.Health, state: Revised["state"], now: number): Health.Health => {
  const { breaker, forced, orgId, transition } = state
  const { pending, policy } = before.breakers
  const lost = pending.filter((change) => change.orgId === orgId)
  const rest = { ...before.breakers, pending: pending.filter((change) => change.orgId !== orgId) }
  let breakers = lost
    .filter(({ published }) => !published)
    .reduce<Breakers.Breakers>((all, change) => Breakers.removeFromLog(all, change.transition), rest)
  const isKnown = orgId === null || Breakers.orgOf(breakers, orgId) !== undefined
  if (isKnown || forced !== null || !Breaker.isPristine(breaker, policy.relapseMs, now)) {
    const used = orgId === null ? breakers : Breakers.use(breakers, orgId, now)
    breakers = Moves.adopt(used, orgId, { breaker, override: forced ?? undefined }, now)
  }
  if (transition !== null) breakers = Breakers.log(breakers, transition)
  return lost
    .flatMap(({ command }) => command ?? [])
    .reduce((health, command) => OperatorCommands.execute(health, command, now), { ...before, breakers })
}

/**
 * The exchange does not answer: changes of this replica hold here. They stay pending, the last one of each scope and the
 * commands, until the fleet can accept them.
 */
export const settleAlone = (health: Health.Health): Settled => {
  const { pending } = health.breakers
  const last = new Map(pending.map((change) => [change.orgId, change]))
  const stays = pending.filter((change) => change.command !== undefined || last.get(change.orgId) === change)
  const marked = stays.map((change) => ({ ...change, published: true }))
  const settled = unpublished(pending).map((one) => ({ ...one, alone: true as const }))
  return [settled, setPending(health, marked)]
}

/** Makes all pending changes final, for a process without a fleet. */
export const settleAll = (health: Health.Health): Settled =>
  health.breakers.pending.length === 0
    ? [[], health]
    : [unpublished(health.breakers.pending), setPending(health, [])]

/** Proposes again every scope that the exchange has lost or never received. `states` are all that it has. */
export const proposeMissing = (
  health: Health.Health,
  revisions: Revisions,
  states: ReadonlyArray<Revised>,
  now: number,
): Health.Health => {
  const { breakers } = health
  const { global, override, pending, policy } = breakers
  const theirs = new Map(states.map(({ revision, state }) => [state.orgId, revision]))
  const isKnown = (scope: Scope) =>
    (theirs.get(scope) ?? 0) >= Math.max(revisionOf(revisions, scope)?.revision ?? 0, 1)
  const isMissing = (scope: Scope) => !isKnown(scope) && !pending.some(({ orgId }) => orgId === scope)
  // A closed breaker too: where its epoch is unknown no attempt counts.
  const hasMoved = global.epoch > 0 || override !== undefined || HashMap.has(revisions, null)
  const orgs = [...OrderedMap.values(breakers.orgs.byId)].filter(({ breaker, id, override }) => {
    const isPlain = override === undefined && Breaker.isPristine(breaker, policy.relapseMs, now)
    return (!isPlain || HashMap.has(revisions, id)) && isMissing(id)
  })
  const scopes: ReadonlyArray<Scope> = [
    ...(hasMoved && isMissing(null) ? [null] : []),
    ...orgs.map(({ id }) => id),
  ]
  return {
    ...health,
    breakers: scopes.reduce((all, scope) => Breakers.propose(all, scope), breakers),
  }
}

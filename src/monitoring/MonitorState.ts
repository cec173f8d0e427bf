/**
 * The state that the Monitor's Ref holds, and every change of it. Pure and immutable: each function takes a state and returns
 * the next one, alone or after its answer. `Monitor` applies them with `Ref.modify`; tests of a fleet apply them by hand.
 *
 * In a fleet each change of Health that other replicas must know also goes to the outbox.
 */
import type { OrgId } from "../domain/Ids.ts"
import type { ReplicaId } from "../platform/Replica.ts"
import * as OperatorCommands from "./breaker/OperatorCommands.ts"
import type { Ticket } from "./breaker/Ticket.ts"
import * as Agreement from "./fleet/Agreement.ts"
import * as FleetLink from "./fleet/FleetLink.ts"
import * as Outbox from "./fleet/Outbox.ts"
import * as Health from "./Health.ts"
import type { Policy } from "./Policy.ts"
import * as Probes from "./probes/Probes.ts"
import type { Probe, ProbeResult } from "./probes/Probing.ts"

/** `number` counts all transitions of the process from 1, so a subscriber that misses some can tell. */
export interface NumberedTransition extends Agreement.SettledTransition {
  readonly number: number
}

export interface MonitorState {
  readonly health: Health.Health
  /** Undefined in a process without a fleet. */
  readonly fleet: Pick<FleetLink.Member, "outbox" | "link"> | undefined
  /** Final transitions that are not published yet. */
  readonly settled: ReadonlyArray<Agreement.SettledTransition>
  /** Published transitions so far. */
  readonly published: number
}

export const make = (settings: Health.Settings, now: number, policy?: Policy): MonitorState => ({
  health: Health.make(settings, now, policy),
  fleet: undefined,
  settled: [],
  published: 0,
})

export const onHealth = (
  state: MonitorState,
  change: (health: Health.Health) => Health.Health,
): MonitorState => ({ ...state, health: change(state.health) })

const onOutbox = (state: MonitorState, change: (outbox: Outbox.Outbox) => Outbox.Outbox): MonitorState => {
  const { fleet } = state
  return fleet === undefined ? state : { ...state, fleet: { ...fleet, outbox: change(fleet.outbox) } }
}

export const started = (state: MonitorState, orgId: OrgId, ticket: Ticket, now: number): MonitorState =>
  onOutbox(
    onHealth(state, (health) => Health.started(health, orgId, ticket, now)),
    (outbox) => Outbox.started(outbox, orgId, ticket, now),
  )

export const progressed = (state: MonitorState, ticket: Ticket, now: number): MonitorState =>
  onOutbox(
    onHealth(state, (health) => Health.progressed(health, ticket, now)),
    (outbox) => Outbox.progressed(outbox, ticket, now),
  )

export const record = (state: MonitorState, attempt: Health.FinishedAttempt, now: number): MonitorState =>
  onOutbox(
    onHealth(state, (health) => Health.record(health, attempt, now)),
    (outbox) => Outbox.ended(outbox, attempt, now),
  )

export const release = (state: MonitorState, ticket: Ticket, orgId: OrgId, now: number): MonitorState =>
  onOutbox(
    onHealth(state, (health) => Health.release(health, ticket, orgId, now)),
    (outbox) => Outbox.forgotten(outbox, ticket, now),
  )

export const probeEnded = (
  state: MonitorState,
  probe: Probe,
  result: ProbeResult,
  now: number,
): MonitorState =>
  onOutbox(
    onHealth(state, (health) => Probes.ended(health, probe, result, now)),
    (outbox) => Outbox.probed(outbox, probe, result, now),
  )

export const reset = (
  state: MonitorState,
  reason: string,
  orgId: OrgId | undefined,
  now: number,
  by?: string,
): MonitorState =>
  onOutbox(
    onHealth(state, (health) => OperatorCommands.reset(health, now, reason, orgId, by)),
    (outbox) => Outbox.reset(outbox, orgId, now),
  )

/** Changes the state as a member of the fleet. The first change joins it. */
export const onMember = <A>(
  state: MonitorState,
  me: ReplicaId,
  change: (member: FleetLink.Member) => readonly [A, FleetLink.Member],
): readonly [A, MonitorState] => {
  const { outbox, link } = state.fleet ?? { outbox: Outbox.empty, link: FleetLink.make(me) }
  const [answer, member] = change({ health: state.health, outbox, link, settled: state.settled })
  const { health, settled } = member
  return [answer, { ...state, health, settled, fleet: { outbox: member.outbox, link: member.link } }]
}

/** Gives the transitions to publish. Without a fleet each change is final at once. */
export const publish = (before: MonitorState): readonly [ReadonlyArray<NumberedTransition>, MonitorState] => {
  const [settled, health] =
    before.fleet === undefined ? Agreement.settleAll(before.health) : [[], before.health]
  if (settled.length + before.settled.length === 0) return [[], before]
  const { published } = before
  const news = [...before.settled, ...settled].map((entry, index) => ({
    ...entry,
    number: published + index + 1,
  }))
  return [news, { ...before, health, settled: [], published: published + news.length }]
}

/** The number of transitions so far; undefined while the fleet has not accepted some of them. */
export const settledTransitions = ({ health, published }: MonitorState): number | undefined =>
  health.breakers.pending.every((change) => change.published) ? published : undefined

export const fleetState = ({ fleet }: MonitorState): "none" | "joined" | "lost" =>
  fleet === undefined ? "none" : fleet.link.inStep ? "joined" : "lost"

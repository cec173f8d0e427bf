/**
 * This replica's side of the exchange, and the effect of an answer on its Monitor. Pure and immutable; here times of the
 * exchange's clock become times of this replica's clock, and back.
 */
import * as HashMap from "effect/HashMap"
import type { ReplicaId } from "../../platform/Replica.ts"
import * as Breaker from "../breaker/Breaker.ts"
import type * as Health from "../Health.ts"
import * as Agreement from "./Agreement.ts"
import type { HealthEvent } from "./HealthEvent.ts"
import type { Answer, Batch, Received, Revised, SharedState } from "./HealthExchange.ts"
import * as Outbox from "./Outbox.ts"
import * as Peers from "./Peers.ts"

export interface FleetLink {
  readonly me: ReplicaId
  /** The newest entry that was received. */
  readonly after: string
  /** The identity of the exchange's data; undefined until the first answer. */
  readonly born: string | undefined
  /** True if nothing was missed since the last answer. */
  readonly inStep: boolean
  /** By how many milliseconds this replica's clock is ahead of the exchange's. */
  readonly aheadMs: number
  /** Sent, and perhaps lost: sent again unchanged until it is acknowledged. */
  readonly batch: Omit<Batch, "from"> | undefined
  readonly batches: number
  readonly revisions: Agreement.Revisions
  readonly peers: Peers.Peers
}

/** The part of the Monitor's state that the exchange reads and changes. */
export interface Member {
  readonly health: Health.Health
  readonly outbox: Outbox.Outbox
  readonly link: FleetLink
  /** Transitions to publish. */
  readonly settled: ReadonlyArray<Agreement.SettledTransition>
}

export const make = (me: ReplicaId): FleetLink => ({
  me,
  after: "0",
  born: undefined,
  inStep: false,
  aheadMs: 0,
  batch: undefined,
  batches: 0,
  revisions: HashMap.empty(),
  peers: Peers.empty,
})

const shiftedEvent = (event: HealthEvent, byMs: number): HealthEvent =>
  event._tag === "probed"
    ? { ...event, at: event.at + byMs, startedAt: event.startedAt + byMs }
    : { ...event, at: event.at + byMs }

const shiftedState = (state: SharedState, byMs: number): SharedState => ({
  ...state,
  breaker: Breaker.shifted(state.breaker, byMs),
})

/** `here`: this replica sends the fleet's synthetic probes. */
export const probing = (member: Member, here: boolean): Member => {
  const { breakers } = member.health
  const probing = { ...breakers.probing, here }
  return { ...member, health: { ...member.health, breakers: { ...breakers, probing } } }
}

/** The batch to send next; none before the first answer, which brings the exchange's clock. */
export const nextBatch = (member: Member): readonly [FleetLink["batch"], Member] => {
  const { link } = member
  if (link.born === undefined || link.batch !== undefined) return [link.batch, member]
  const [events, outbox] = Outbox.take(member.outbox)
  if (events === undefined) return [undefined, member]
  const number = link.batches + 1
  const batch = { number, events: events.map((event) => shiftedEvent(event, -link.aheadMs)) }
  return [batch, { ...member, outbox, link: { ...link, batch, batches: number } }]
}

/** Applies an answer; true if there is more to receive at once. */
export const receive = (before: Member, answer: Answer, now: number): readonly [boolean, Member] => {
  const { born } = before.link
  const hasForgotten = born !== undefined && born !== answer.born
  const answered = { ...before.link, batch: undefined, aheadMs: now - answer.now, born: answer.born }
  const member = probing({ ...before, link: answered }, answer.probes)
  if (hasForgotten) {
    return [true, { ...member, link: { ...answered, after: "0", inStep: false } }]
  }
  const inStep = answered.inStep ? member : catchUp(member, answer.states, now)
  const applied = answer.received.reduce((all, entry) => receiveEntry(all, entry, now), inStep)
  return [answer.more, dropSilent(applied, now)]
}

const catchUp = (before: Member, states: ReadonlyArray<Revised>, now: number): Member => {
  const member = states.reduce((all, revised) => decided(all, revised, now), before)
  const health = Agreement.proposeMissing(member.health, member.link.revisions, states, now)
  return { ...member, health, link: { ...member.link, inStep: true } }
}

const receiveEntry = (before: Member, entry: Received, now: number): Member => {
  const link = { ...before.link, after: entry.id }
  const member = { ...before, link }
  if (entry._tag === "state") return decided(member, entry.revised, now)
  if (entry._tag === "unreadable" || entry.batch.from === link.me) return member
  const batch = { ...entry.batch, aheadMs: link.aheadMs }
  const [health, peers] = Peers.receive(member.health, link.peers, batch, now)
  return { ...member, health, link: { ...link, peers } }
}

const dropSilent = (member: Member, now: number): Member => {
  const [health, peers] = Peers.dropSilent(member.health, member.link.peers, now)
  return { ...member, health, link: { ...member.link, peers } }
}

/** The oldest change of this replica that the fleet has yet to accept. */
export const proposal = ({
  health,
  link,
}: Member): { readonly state: SharedState; readonly base: number } | undefined => {
  const [oldest] = health.breakers.pending
  if (oldest === undefined) return undefined
  const { breaker, number, orgId, override = null, transition = null } = oldest
  const state = { by: link.me, number, orgId, breaker, forced: override, transition }
  const base = Agreement.revisionOf(link.revisions, orgId)?.revision ?? 0
  return { state: shiftedState(state, -link.aheadMs), base }
}

/** Applies a scope's state as the fleet has decided it. */
export const decided = (member: Member, { revision, state }: Revised, now: number): Member => {
  const { link } = member
  const revised = { revision, state: shiftedState(state, link.aheadMs) }
  if (!Agreement.isNew(link.revisions, revised)) return member
  const [settled, health] = Agreement.receive(member.health, link.me, revised, now)
  const revisions = HashMap.set(link.revisions, state.orgId, revised)
  return { ...member, health, link: { ...link, revisions }, settled: [...member.settled, ...settled] }
}

/** The exchange does not answer: this replica decides, and probes, for itself. */
export const lost = (before: Member, now: number): Member => {
  const { link, outbox } = before
  const alone = { ...before, outbox: Outbox.thin(outbox), link: { ...link, inStep: false } }
  const member = dropSilent(probing(alone, true), now)
  const [settled, health] = Agreement.settleAlone(member.health)
  return { ...member, health, settled: [...member.settled, ...settled] }
}

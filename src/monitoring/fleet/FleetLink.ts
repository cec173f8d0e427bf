/**
 * What one replica knows of the exchange, and what an answer of it does to the Monitor. Pure, changed in place by its one
 * owner, `FleetHealth`; here times of the exchange's clock become times of this replica's, and back.
 */
import type { ReplicaId } from "../../platform/Replica.ts"
import * as Breaker from "../breaker/Breaker.ts"
import type { Answer, Batch, Revised, SharedState } from "./HealthExchange.ts"
import type { HealthEvent } from "./HealthEvent.ts"
import type { Monitored } from "../Monitor.ts"
import * as Outbox from "./Outbox.ts"
import * as Peers from "./Peers.ts"
import * as Sharing from "./Sharing.ts"

export interface FleetLink {
  readonly me: ReplicaId
  /** Of the newest that was heard. */
  after: string
  /** Undefined until the first answer. */
  born: string | undefined
  /** Whether nothing was missed since the last answer. */
  inStep: boolean
  /** By how many milliseconds this replica's clock is ahead of the exchange's. */
  aheadMs: number
  /** Sent, and perhaps not arrived: sent again as it is until it is acknowledged. */
  batch: Omit<Batch, "from"> | undefined
  batches: number
  readonly revisions: Sharing.Revisions
  readonly peers: Peers.Peers
}

export const make = (me: ReplicaId): FleetLink => ({
  me,
  after: "0",
  born: undefined,
  inStep: false,
  aheadMs: 0,
  batch: undefined,
  batches: 0,
  revisions: new Map(),
  peers: Peers.make(),
})

const shiftedEvent = (event: HealthEvent, byMs: number): HealthEvent =>
  event._tag === "probed"
    ? { ...event, at: event.at + byMs, startedAt: event.startedAt + byMs }
    : { ...event, at: event.at + byMs }

const shiftedState = (state: SharedState, byMs: number): SharedState => ({
  ...state,
  breaker: Breaker.shifted(state.breaker, byMs),
})

/** To be told next; nothing before the first answer, which brings the exchange's clock. */
export const nextBatch = (link: FleetLink, { outbox }: Monitored): FleetLink["batch"] => {
  if (link.born === undefined || link.batch !== undefined) return link.batch
  const events = Outbox.take(outbox)
  if (events === undefined) return undefined
  const number = ++link.batches
  link.batch = { number, events: events.map((event) => shiftedEvent(event, -link.aheadMs)) }
  return link.batch
}

/** Whether there is more to be heard at once. */
export const hear = (link: FleetLink, answer: Answer, monitored: Monitored): boolean => {
  const { health, now } = monitored
  link.batch = undefined
  link.aheadMs = now - answer.now
  health.breakers.probing.here = answer.probes
  const hasForgotten = link.born !== undefined && link.born !== answer.born
  link.born = answer.born
  if (hasForgotten) {
    link.after = "0"
    link.inStep = false
    return true
  }
  if (!link.inStep) {
    for (const revised of answer.states) decided(link, revised, monitored)
    Sharing.remind(health, link.revisions, answer.states, now)
    link.inStep = true
  }
  for (const one of answer.heard) {
    link.after = one.id
    if (one._tag === "state") decided(link, one.revised, monitored)
    if (one._tag === "batch" && one.batch.from !== link.me) {
      Peers.hear(health, link.peers, { ...one.batch, aheadMs: link.aheadMs }, now)
    }
  }
  Peers.forgetSilent(health, link.peers, now)
  return answer.more
}

/** The oldest of what this replica did and the fleet has yet to agree to. */
export const proposal = (
  { aheadMs, me, revisions }: FleetLink,
  { health }: Monitored,
): { readonly state: SharedState; readonly base: number } | undefined => {
  const [oldest] = health.breakers.unsettled
  if (oldest === undefined) return undefined
  const { breaker, forced, number, orgId, transition = null } = oldest
  const state = shiftedState({ by: me, number, orgId, breaker, forced, transition }, -aheadMs)
  return { state, base: Sharing.revisionOf(revisions, orgId) }
}

/** A scope's state as the fleet has it. */
export const decided = (link: FleetLink, { revision, state }: Revised, monitored: Monitored): void => {
  const revised = { revision, state: shiftedState(state, link.aheadMs) }
  monitored.publish(Sharing.hear(monitored.health, link.revisions, link.me, revised, monitored.now))
}

/** The exchange does not answer: this replica decides, and probes, for itself. */
export const lost = (link: FleetLink, { health, now, outbox, publish }: Monitored): void => {
  link.inStep = false
  health.breakers.probing.here = true
  Outbox.thin(outbox)
  Peers.forgetSilent(health, link.peers, now)
  publish(Sharing.goAlone(health))
}

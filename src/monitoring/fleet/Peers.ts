/**
 * What the other replicas tell, put into the Health of this one as if it had happened here: the same counters, windows and
 * silence, some 250 ms later. Changes it in place; times are epoch milliseconds of this replica.
 *
 * Invariants: a batch counts once. What is older than `lateMs` counts in the windows alone, so that no breaker opens for
 * something that is over. The attempts of a replica that falls silent are forgotten, never held against the runtime.
 */
import * as Health from "../Health.ts"
import type { Batch } from "./HealthExchange.ts"
import { type HealthEvent, withoutTicket } from "./HealthEvent.ts"
import * as Probes from "../probes/Probes.ts"
import type { Ticket } from "../breaker/Ticket.ts"

interface Peer {
  /** The last batch that was counted. */
  batch: number
  heardAt: number
  readonly attempts: Map<number, Ticket>
}

export type Peers = Map<string, Peer>

interface Told extends Batch {
  /** By how many milliseconds this replica's clock is ahead of that of the events. */
  readonly aheadMs: number
}

/** Eight exchanges: what takes longer is an outage, not a delay. */
const lateMs = 2000

export const make = (): Peers => new Map()

export const hear = (health: Health.Health, peers: Peers, told: Told, now: number): void => {
  const known = peers.get(told.from)
  if (known !== undefined && told.number <= known.batch) return
  const peer = known ?? { batch: 0, heardAt: 0, attempts: new Map<number, Ticket>() }
  peers.set(told.from, peer)
  peer.batch = told.number
  peer.heardAt = now
  for (const event of told.events) {
    const at = Math.min(event.at + told.aheadMs, now)
    if (now - at > lateMs) late(health, peer, event, at, now)
    else timely(health, peer, event, at, now)
  }
}

const late = (health: Health.Health, peer: Peer, event: HealthEvent, at: number, now: number): void => {
  if (event._tag === "ended") Health.show(health, event, at, now)
  if (event._tag === "ended" || event._tag === "forgotten") forget(health, peer, event.attempt)
  if (event._tag === "reset") Health.acquit(health, event.orgId ?? undefined, now)
}

const timely = (health: Health.Health, peer: Peer, event: HealthEvent, at: number, now: number): void => {
  switch (event._tag) {
    case "started": {
      forget(health, peer, event.attempt)
      peer.attempts.set(event.attempt, Health.startedElsewhere(health, event.orgId, event.globalEpoch, at))
      return
    }
    case "progressed": {
      const ticket = peer.attempts.get(event.attempt)
      return ticket && Health.progressed(health, ticket, at)
    }
    case "ended":
      return ended(health, peer, event, now)
    case "forgotten":
      return forget(health, peer, event.attempt)
    case "probed":
      return probed(health, event, at, now)
    case "reset":
      return Health.acquit(health, event.orgId ?? undefined, now)
  }
}

const probed = (
  health: Health.Health,
  event: Extract<HealthEvent, { readonly _tag: "probed" }>,
  at: number,
  now: number,
): void => {
  const startedAt = at - (event.at - event.startedAt)
  Probes.endedElsewhere(health, { startedAt, epoch: event.globalEpoch, result: event.result }, now)
}

const ended = (
  health: Health.Health,
  peer: Peer,
  event: Extract<HealthEvent, { readonly _tag: "ended" }>,
  now: number,
): void => {
  const ticket = peer.attempts.get(event.attempt)
  peer.attempts.delete(event.attempt)
  const isJudged = ticket !== undefined || event.mode === "direct_llm" || event.attempt === withoutTicket
  if (isJudged) Health.record(health, { ...event, ticket }, now)
  else Health.show(health, event, now, now)
}

const forget = (health: Health.Health, peer: Peer, attempt: number): void => {
  const ticket = peer.attempts.get(attempt)
  if (ticket === undefined) return
  peer.attempts.delete(attempt)
  Health.forget(health, ticket)
}

/** Whoever tells nothing has died, or cannot be heard: nobody knows how its attempts are. */
export const forgetSilent = (health: Health.Health, peers: Peers, now: number): void => {
  for (const [from, peer] of peers) {
    if (now - peer.heardAt <= lateMs) continue
    for (const attempt of peer.attempts.keys()) forget(health, peer, attempt)
    // After a whole window none of its batches is left to be heard again.
    if (now - peer.heardAt > 2 * health.settings.windowMs) peers.delete(from)
  }
}

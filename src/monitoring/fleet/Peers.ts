/**
 * Applies the events of other replicas to the Health of this one as if they had happened here: the same counters, windows and
 * silence, about 250 ms later. Pure and immutable; times are epoch milliseconds of this replica.
 *
 * Invariants: a batch counts once. An event older than `lateMs` counts in the windows alone, so that no breaker trips for a
 * fault that is over. The attempts of a replica that falls silent are dropped; they are no evidence against the runtime.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as OperatorCommands from "../breaker/OperatorCommands.ts"
import type { Ticket } from "../breaker/Ticket.ts"
import * as Health from "../Health.ts"
import * as Probes from "../probes/Probes.ts"
import type { Batch } from "./HealthExchange.ts"
import { type HealthEvent, withoutTicket } from "./HealthEvent.ts"

interface Peer {
  /** The last batch that was counted. */
  readonly batch: number
  readonly receivedAt: number
  /** The tickets of its running attempts, by its own number. */
  readonly attempts: HashMap.HashMap<number, Ticket>
}

export type Peers = HashMap.HashMap<string, Peer>

export const empty: Peers = HashMap.empty()

type Applied = readonly [Health.Health, Peer]
type Event<Tag extends HealthEvent["_tag"]> = Extract<HealthEvent, { readonly _tag: Tag }>

/** `aheadMs`: this replica's clock is ahead of that of the events. */
export const receive = (
  health: Health.Health,
  peers: Peers,
  batch: Batch & { readonly aheadMs: number },
  now: number,
): readonly [Health.Health, Peers] => {
  const known = Option.getOrUndefined(HashMap.get(peers, batch.from))
  if (known !== undefined && batch.number <= known.batch) return [health, peers]
  const attempts = known?.attempts ?? HashMap.empty<number, Ticket>()
  const { lateMs } = health.breakers.policy
  let applied: Applied = [health, { batch: batch.number, receivedAt: now, attempts }]
  for (const event of batch.events) {
    const at = Math.min(event.at + batch.aheadMs, now)
    applied = now - at > lateMs ? late(applied, event, at, now) : timely(applied, event, at, now)
  }
  return [applied[0], HashMap.set(peers, batch.from, applied[1])]
}

const late = (applied: Applied, event: HealthEvent, at: number, now: number): Applied => {
  const [health, peer] = applied
  switch (event._tag) {
    case "ended":
      return forget([Health.show(health, event, at, now), peer], event.attempt)
    case "forgotten":
      return forget(applied, event.attempt)
    case "reset":
      return [OperatorCommands.clearEvidence(health, event.orgId ?? undefined, now), peer]
    default:
      return applied
  }
}

const timely = (applied: Applied, event: HealthEvent, at: number, now: number): Applied => {
  const [health, peer] = applied
  switch (event._tag) {
    case "started":
      return started(forget(applied, event.attempt), event, at)
    case "progressed": {
      const ticket = ticketOf(peer, event.attempt)
      return ticket === undefined ? applied : [Health.progressed(health, ticket, at), peer]
    }
    case "ended":
      return ended(applied, event, now)
    case "forgotten":
      return forget(applied, event.attempt)
    case "probed": {
      const startedAt = at - (event.at - event.startedAt)
      const probe = { startedAt, epoch: event.globalEpoch, result: event.result }
      return [Probes.endedElsewhere(health, probe, now), peer]
    }
    case "reset":
      return [OperatorCommands.clearEvidence(health, event.orgId ?? undefined, now), peer]
  }
}

const ticketOf = ({ attempts }: Peer, attempt: number): Ticket | undefined =>
  Option.getOrUndefined(HashMap.get(attempts, attempt))

const without = (peer: Peer, attempt: number): Peer => ({
  ...peer,
  attempts: HashMap.remove(peer.attempts, attempt),
})

const started = ([health, peer]: Applied, event: Event<"started">, at: number): Applied => {
  const [ticket, next] = Health.startedElsewhere(health, event.orgId, event.globalEpoch, at)
  return [next, { ...peer, attempts: HashMap.set(peer.attempts, event.attempt, ticket) }]
}

const ended = ([health, peer]: Applied, event: Event<"ended">, now: number): Applied => {
  const ticket = ticketOf(peer, event.attempt)
  const isJudged = ticket !== undefined || event.mode === "direct_llm" || event.attempt === withoutTicket
  const next = isJudged
    ? Health.record(health, { ...event, ticket }, now)
    : Health.show(health, event, now, now)
  return [next, without(peer, event.attempt)]
}

const forget = ([health, peer]: Applied, attempt: number): Applied => {
  const ticket = ticketOf(peer, attempt)
  return ticket === undefined ? [health, peer] : [Health.forget(health, ticket), without(peer, attempt)]
}

/** Drops the attempts of replicas that have died or do not reach the exchange: their state is unknown. */
export const dropSilent = (
  before: Health.Health,
  all: Peers,
  now: number,
): readonly [Health.Health, Peers] => {
  let health = before
  let peers = all
  for (const [from, peer] of all) {
    if (now - peer.receivedAt <= before.breakers.policy.lateMs) continue
    for (const ticket of HashMap.values(peer.attempts)) health = Health.forget(health, ticket)
    // After a whole window none of its batches is left to be received again.
    peers =
      now - peer.receivedAt > 2 * health.settings.windowMs
        ? HashMap.remove(peers, from)
        : HashMap.set(peers, from, { ...peer, attempts: HashMap.empty() })
  }
  return [health, peers]
}

/**
 * The events that this replica has yet to send to the others, in order. Pure and immutable; a turn costs three small objects.
 * Bounded: while the exchange does not answer, only the events that the windows need stay, up to a limit.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { OrgId } from "../../domain/Ids.ts"
import type { Ticket } from "../breaker/Ticket.ts"
import type { FinishedAttempt } from "../Health.ts"
import type { Probe, ProbeResult } from "../probes/Probing.ts"
import { type HealthEvent, notJudged, withoutTicket } from "./HealthEvent.ts"

/** A list from the newest event on: to add one copies nothing. */
interface Entry {
  readonly event: HealthEvent
  readonly older: Entry | undefined
}

export interface Outbox {
  readonly newest: Entry | undefined
  readonly size: number
  /** The numbers of the running attempts that the others know, by ticket. */
  readonly attempts: HashMap.HashMap<number, number>
  readonly last: number
}

/** More attempts than one process can run at once, so a reused number is free. */
const numbers = 1_000_000
/** About 10 MB; five minutes of 160 turns a second. */
const most = 50_000
/** In one batch: about 50 KB, 20 000 events a second. */
const mostInBatch = 5000

export const empty: Outbox = { newest: undefined, size: 0, attempts: HashMap.empty(), last: 0 }

/** Oldest first. */
export const events = (outbox: Outbox): ReadonlyArray<HealthEvent> => {
  const newestFirst: Array<HealthEvent> = []
  for (let entry = outbox.newest; entry !== undefined; entry = entry.older) newestFirst.push(entry.event)
  return newestFirst.toReversed()
}

const withEvents = (outbox: Outbox, all: ReadonlyArray<HealthEvent>): Outbox => ({
  ...outbox,
  newest: all.reduce<Entry | undefined>((older, event) => ({ event, older }), undefined),
  size: all.length,
})

const add = (outbox: Outbox, event: HealthEvent): Outbox => {
  const added = { ...outbox, newest: { event, older: outbox.newest }, size: outbox.size + 1 }
  return added.size >= 2 * most ? withEvents(added, events(added).slice(-most)) : added
}

const numberOf = ({ attempts }: Outbox, { id }: Ticket): number | undefined =>
  Option.getOrUndefined(HashMap.get(attempts, id))

const without = (outbox: Outbox, { id }: Ticket): Outbox => ({
  ...outbox,
  attempts: HashMap.remove(outbox.attempts, id),
})

export const started = (before: Outbox, orgId: OrgId, ticket: Ticket, at: number): Outbox => {
  if (ticket.probe !== undefined) return before
  const outbox = forgotten(before, ticket, at)
  const attempt = (outbox.last % numbers) + 1
  const attempts = HashMap.set(outbox.attempts, ticket.id, attempt)
  const { globalEpoch } = ticket
  return add({ ...outbox, attempts, last: attempt }, { _tag: "started", at, attempt, orgId, globalEpoch })
}

export const progressed = (outbox: Outbox, ticket: Ticket, at: number): Outbox => {
  const attempt = numberOf(outbox, ticket)
  return attempt === undefined ? outbox : add(outbox, { _tag: "progressed", at, attempt })
}

const endedNumber = (outbox: Outbox, { mode, ticket }: FinishedAttempt): number => {
  if (mode === "direct_llm") return notJudged
  return ticket === undefined ? withoutTicket : (numberOf(outbox, ticket) ?? notJudged)
}

export const ended = (outbox: Outbox, finished: FinishedAttempt, at: number): Outbox => {
  const { cancelled = false, latencyMs, mode, orgId, outcome, ticket } = finished
  const isKnown = mode === "runtime_orchestrator" && ticket !== undefined
  const ended = { attempt: endedNumber(outbox, finished), orgId, mode, outcome, latencyMs }
  const event = { _tag: "ended", at, ...ended, ...(cancelled ? { cancelled } : {}) } as const
  return add(isKnown ? without(outbox, ticket) : outbox, event)
}

export const forgotten = (outbox: Outbox, ticket: Ticket, at: number): Outbox => {
  const attempt = numberOf(outbox, ticket)
  return attempt === undefined ? outbox : add(without(outbox, ticket), { _tag: "forgotten", at, attempt })
}

export const probed = (
  outbox: Outbox,
  { epoch, startedAt }: Probe,
  result: ProbeResult,
  at: number,
): Outbox => add(outbox, { _tag: "probed", at, startedAt, globalEpoch: epoch, result })

export const reset = (outbox: Outbox, orgId: OrgId | undefined, at: number): Outbox =>
  add(outbox, { _tag: "reset", at, orgId: orgId ?? null })

/**
 * The next batch. An empty batch tells the others that attempts of this replica still run; undefined if none do and there are
 * no events.
 */
export const take = (outbox: Outbox): readonly [ReadonlyArray<HealthEvent> | undefined, Outbox] => {
  if (outbox.size === 0 && HashMap.isEmpty(outbox.attempts)) return [undefined, outbox]
  const all = events(outbox)
  return [all.slice(0, mostInBatch), withEvents(outbox, all.slice(mostInBatch))]
}

/** The exchange does not answer: drops the events that will be of no use later. */
export const thin = (outbox: Outbox): Outbox => {
  const lasting = events(outbox).filter(({ _tag }) => _tag === "ended" || _tag === "reset")
  return withEvents(outbox, lasting.slice(-most))
}

/**
 * What this replica has yet to tell the others, in order. Changed in place by its one owner, the Monitor; a turn costs it
 * three small objects. Bounded: while nobody can be told, only what the windows need is kept, and not without end.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { FinishedAttempt } from "../Health.ts"
import { type HealthEvent, notJudged, withoutTicket } from "./HealthEvent.ts"
import type { Probe } from "../probes/Probing.ts"
import type { Ticket } from "../breaker/Ticket.ts"

export interface Outbox {
  events: Array<HealthEvent>
  /** The attempts under way that the others know. */
  readonly attempts: Map<Ticket, number>
  last: number
}

/** More attempts than one process can have under way, so that a number that comes again is free. */
const numbers = 1_000_000
/** Some 10 MB; five minutes of 160 turns a second. */
const most = 50_000
/** In one batch: some 50 KB, 20 000 events a second. */
export const mostInBatch = 5000

export const make = (): Outbox => ({ events: [], attempts: new Map(), last: 0 })

const add = (outbox: Outbox, event: HealthEvent): void => {
  outbox.events.push(event)
  if (outbox.events.length >= 2 * most) outbox.events = outbox.events.slice(-most)
}

export const started = (outbox: Outbox, orgId: OrgId, ticket: Ticket, at: number): void => {
  if (ticket.probe !== undefined) return
  forgotten(outbox, ticket, at)
  outbox.last = (outbox.last % numbers) + 1
  outbox.attempts.set(ticket, outbox.last)
  add(outbox, { _tag: "started", at, attempt: outbox.last, orgId, globalEpoch: ticket.globalEpoch })
}

export const progressed = (outbox: Outbox, ticket: Ticket, at: number): void => {
  const attempt = outbox.attempts.get(ticket)
  if (attempt !== undefined) add(outbox, { _tag: "progressed", at, attempt })
}

const numberOf = (outbox: Outbox, { mode, ticket }: FinishedAttempt): number => {
  if (mode === "direct_llm") return notJudged
  if (ticket === undefined) return withoutTicket
  const attempt = outbox.attempts.get(ticket) ?? notJudged
  outbox.attempts.delete(ticket)
  return attempt
}

export const ended = (outbox: Outbox, attempt: FinishedAttempt, at: number): void => {
  const { cancelled = false, latencyMs, mode, orgId, outcome } = attempt
  const ended = { attempt: numberOf(outbox, attempt), orgId, mode, outcome, latencyMs }
  add(outbox, { _tag: "ended", at, ...ended, ...(cancelled ? { cancelled } : {}) })
}

export const forgotten = (outbox: Outbox, ticket: Ticket, at: number): void => {
  const attempt = outbox.attempts.get(ticket)
  if (attempt === undefined) return
  outbox.attempts.delete(ticket)
  add(outbox, { _tag: "forgotten", at, attempt })
}

export const probed = (
  outbox: Outbox,
  { epoch, startedAt }: Probe,
  result: "good" | "bad" | "neutral",
  at: number,
): void => add(outbox, { _tag: "probed", at, startedAt, globalEpoch: epoch, result })

export const reset = (outbox: Outbox, orgId: OrgId | undefined, at: number): void =>
  add(outbox, { _tag: "reset", at, orgId: orgId ?? null })

/** The next batch. Undefined when there is nothing to tell, not even that attempts of this replica are still under way. */
export const take = (outbox: Outbox): ReadonlyArray<HealthEvent> | undefined => {
  if (outbox.events.length === 0 && outbox.attempts.size === 0) return undefined
  return outbox.events.splice(0, mostInBatch)
}

/** Nobody can be told: what is of the moment will be of no use later. */
export const thin = (outbox: Outbox): void => {
  outbox.events = outbox.events.filter(({ _tag }) => _tag === "ended" || _tag === "reset").slice(-most)
}

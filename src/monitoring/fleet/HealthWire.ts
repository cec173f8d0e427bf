/**
 * The schema of a batch of events as text: each organisation once, then the events as whole numbers in sequence, about 50 bytes
 * a turn in the runtime and 17 in direct mode. Pure. An event begins with its kind, which fixes how many numbers follow.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { OrgId } from "../../domain/Ids.ts"
import type { Outcome } from "../../domain/Outcome.ts"
import { HealthEvent } from "./HealthEvent.ts"

const Wire = Schema.Struct({
  /** The time that all times are relative to. */
  t: Schema.Int,
  /** Organisations, by their place. */
  o: Schema.Array(OrgId),
  e: Schema.Array(Schema.Int),
  /**
   * The places of the events whose attempt the user cancelled. Additive: older replicas ignore it and do not send it.
   */
  c: Schema.optionalKey(Schema.Array(Schema.Int)),
})
type Wire = typeof Wire.Type

const started = 0
const progressed = 1
const forgotten = 2
const reset = 3
/** This kind and the two after it, one for each result. */
const probed = 4
/** This kind and the eleven after it, one for each mode and outcome. */
const ended = 10

/** The order of both lists is part of the wire, so it does not follow the domain's. */
const results = ["good", "bad", "neutral"] as const
const outcomes: ReadonlyArray<Outcome> = [
  "success",
  "error",
  "timeout_first_content",
  "timeout_stall",
  "timeout_total",
  "neutral",
]
/** In place of an organisation: all of them. */
const all = -1

const numbersOf = (event: HealthEvent, at: number, org: (id: OrgId) => number): ReadonlyArray<number> => {
  switch (event._tag) {
    case "started":
      return [started, at, event.attempt, org(event.orgId), event.globalEpoch]
    case "progressed":
      return [progressed, at, event.attempt]
    case "forgotten":
      return [forgotten, at, event.attempt]
    case "reset":
      return [reset, at, event.orgId === null ? all : org(event.orgId)]
    case "probed":
      return [probed + results.indexOf(event.result), at, event.at - event.startedAt, event.globalEpoch]
    case "ended": {
      const mode = event.mode === "direct_llm" ? 0 : outcomes.length
      const kind = ended + mode + outcomes.indexOf(event.outcome)
      return [kind, at, event.attempt, org(event.orgId), Math.round(event.latencyMs)]
    }
  }
}

const toWire = (events: ReadonlyArray<HealthEvent>): Wire => {
  const t = Math.round(events[0]?.at ?? 0)
  const places = new Map<OrgId, number>()
  const place = (id: OrgId): number => {
    const known = places.get(id)
    if (known !== undefined) return known
    places.set(id, places.size)
    return places.size - 1
  }
  const e = events.flatMap((event) => numbersOf(event, Math.round(event.at - t), place))
  const c = events.flatMap((event, index) => (event._tag === "ended" && event.cancelled ? [index] : []))
  return { t, o: [...places.keys()], e, ...(c.length > 0 ? { c } : {}) }
}

/** Undefined if it is no batch. */
const fromWire = ({ c: cancelledPlaces = [], e, o, t }: Wire): ReadonlyArray<HealthEvent> | undefined => {
  const cancelled = new Set(cancelledPlaces)
  const events: Array<HealthEvent> = []
  for (let next = 0; next < e.length;) {
    const kind = e[next] ?? all
    const length = lengthOf(kind)
    if (length === undefined || next + length > e.length) return undefined
    const [, at = 0, a = 0, b = 0, c = 0] = e.slice(next, next + length)
    const event = eventOf(kind, t + at, [a, b, c], o)
    if (event === undefined) return undefined
    const isCancelled = event._tag === "ended" && cancelled.has(events.length)
    events.push(isCancelled ? { ...event, cancelled: true } : event)
    next += length
  }
  return events
}

const lengths = [5, 3, 3, 3, 4, 4, 4]

const lengthOf = (kind: number): number | undefined =>
  kind >= ended && kind < ended + 2 * outcomes.length ? 5 : lengths[kind]

const eventOf = (
  kind: number,
  at: number,
  [a, b, c]: readonly [number, number, number],
  orgs: ReadonlyArray<OrgId>,
): HealthEvent | undefined => {
  const org = orgs[kind === reset ? a : b]
  if (kind === progressed) return { _tag: "progressed", at, attempt: a }
  if (kind === forgotten) return { _tag: "forgotten", at, attempt: a }
  if (kind === reset && a === all) return { _tag: "reset", at, orgId: null }
  const result = results[kind - probed]
  if (result !== undefined) return { _tag: "probed", at, startedAt: at - a, globalEpoch: b, result }
  if (org === undefined) return undefined
  if (kind === reset) return { _tag: "reset", at, orgId: org }
  if (kind === started) return { _tag: "started", at, attempt: a, orgId: org, globalEpoch: c }
  const outcome = outcomes[(kind - ended) % outcomes.length]
  if (outcome === undefined) return undefined
  const mode = kind - ended < outcomes.length ? "direct_llm" : "runtime_orchestrator"
  return { _tag: "ended", at, attempt: a, orgId: org, mode, outcome, latencyMs: c }
}

/** Fails for the text of another version of this service. */
export const Events = Schema.fromJsonString(
  Wire.pipe(
    Schema.decodeTo(Schema.toType(Schema.Array(HealthEvent)), {
      decode: SchemaGetter.transformEffect((wire: Wire) => {
        const events = fromWire(wire)
        const invalid = new SchemaIssue.InvalidValue({ message: "Expected a batch of health events" }, wire)
        return events === undefined ? Effect.fail(invalid) : Effect.succeed(events)
      }),
      encode: SchemaGetter.transform(toWire),
    }),
  ),
)

/**
 * A batch of events as text: organisations once, then whole numbers one after the other, some 50 bytes a turn in the
 * runtime and 17 in direct mode. Pure. Every event begins with its kind, which says how many numbers follow.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { OrgId } from "../../domain/Ids.ts"
import { type Outcome } from "../../domain/Outcome.ts"
import type { HealthEvent } from "./HealthEvent.ts"

const Wire = Schema.fromJsonString(
  Schema.Struct({
    /** The time that all times are relative to. */
    t: Schema.Int,
    /** Organisations, by their place. */
    o: Schema.Array(OrgId),
    e: Schema.Array(Schema.Int),
    /**
     * The places of the events whose attempt the user cancelled. Additive: older replicas ignore it and do not send it.
     */
    c: Schema.optionalKey(Schema.Array(Schema.Int)),
  }),
)
const toText = Schema.encodeSync(Wire)
const fromText = Schema.decodeUnknownOption(Wire)

const started = 0
const progressed = 1
const forgotten = 2
const reset = 3
/** And the two kinds after it. */
const probed = 4
/** And the eleven kinds after it: of both modes, every outcome. */
const ended = 10

const results = ["good", "bad", "neutral"] as const
const outcomes: ReadonlyArray<Outcome> = [
  "success",
  "error",
  "timeout_first_content",
  "timeout_stall",
  "timeout_total",
  "neutral",
]
/** In place of an organisation: all. */
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

export const encode = (events: ReadonlyArray<HealthEvent>): string => {
  const base = Math.round(events[0]?.at ?? 0)
  const places = new Map<OrgId, number>()
  const place = (id: OrgId): number => {
    const known = places.get(id)
    if (known !== undefined) return known
    places.set(id, places.size)
    return places.size - 1
  }
  const e = events.flatMap((event) => numbersOf(event, Math.round(event.at - base), place))
  const c = events.flatMap((event, index) => (event._tag === "ended" && event.cancelled ? [index] : []))
  return toText({ t: base, o: [...places.keys()], e, ...(c.length > 0 ? { c } : {}) })
}

/** Undefined where it is no batch. */
export const decode = (text: string): ReadonlyArray<HealthEvent> | undefined => {
  const wire = Option.getOrUndefined(fromText(text))
  if (wire === undefined) return undefined
  const { c = [], e, o, t } = wire
  const cancelled = new Set(c)
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

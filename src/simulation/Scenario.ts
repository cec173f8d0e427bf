/**
 * A simulated scenario: the traffic, and the faults of the runtime over time. Custom scenarios are JSON files of this
 * shape; the policy's own are in `Scenarios.ts`.
 */
import * as Schema from "effect/Schema"

const positive = Schema.Finite.check(Schema.isGreaterThan(0))
const share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const seconds = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * `errors`: this share of attempts fails, some after the answer has begun. `hang`: nothing arrives, or keep-alives
 * only, which count as no progress; without `share` every attempt hangs. `slow`: everything takes this many times
 * longer.
 */
const FaultKind = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("refused") }),
  Schema.Struct({ kind: Schema.Literal("hang"), share: Schema.optionalKey(share) }),
  Schema.Struct({ kind: Schema.Literal("errors"), share }),
  Schema.Struct({ kind: Schema.Literal("slow"), factor: positive }),
])

export const Fault = Schema.Struct({
  mode: Schema.Literals(["runtime_orchestrator", "direct_llm"]),
  what: FaultKind,
  /** Seconds from the start. */
  from: seconds,
  to: seconds,
  /** Seconds on and seconds off, in turn. */
  flapping: Schema.optionalKey(Schema.Struct({ on: positive, off: positive })),
  /** Only turns of this organisation; by number, from 0. */
  org: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
}).check(
  Schema.makeFilter(({ from, to }: { readonly from: number; readonly to: number }) =>
    from < to ? undefined : { path: ["to"], issue: "Expected more than `from`" },
  ),
)
export type Fault = typeof Fault.Type

export const Scenario = Schema.Struct({
  name: Schema.NonEmptyString,
  turnsPerSecond: positive,
  /** Long scenarios take time: about 5 microseconds per turn. */
  seconds: positive,
  orgs: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })),
  /** Share of runtime attempts that fail without a fault. */
  errorRate: share,
  /** Share of failures that occur after the answer has begun: such a turn cannot move. Default 0.15. */
  lateFailures: Schema.optionalKey(share),
  faults: Schema.Array(Fault),
}).check(
  Schema.makeFilter(({ faults, orgs }: { readonly faults: ReadonlyArray<Fault>; readonly orgs: number }) => {
    const unknown = faults.findIndex(({ org = 0 }) => org >= orgs)
    return unknown < 0 ? undefined : { path: ["faults", unknown, "org"], issue: "Expected less than `orgs`" }
  }),
)
export type Scenario = typeof Scenario.Type

export const faultAt = (
  { faults }: Scenario,
  mode: Fault["mode"],
  org: number,
  atMs: number,
): Fault["what"] | undefined =>
  faults.find((fault) => fault.mode === mode && concerns(fault, org) && isOn(fault, atMs))?.what

export const concerns = (fault: Fault, org: number): boolean => fault.org === undefined || fault.org === org

const isOn = ({ flapping, from, to }: Fault, atMs: number): boolean => {
  const at = atMs / 1000
  if (at < from || at >= to) return false
  return flapping === undefined || (at - from) % (flapping.on + flapping.off) < flapping.on
}

/** The last time it was on, in seconds: a flapping fault may end in an off phase. */
export const lastOn = ({ flapping, from, to }: Fault): number => {
  if (flapping === undefined) return to
  const period = flapping.on + flapping.off
  const lastPeriod = from + Math.floor((to - from) / period) * period
  const began = lastPeriod < to ? lastPeriod : lastPeriod - period
  return Math.min(to, began + flapping.on)
}

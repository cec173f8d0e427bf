/** The difference between this machine's clock and another one. Pure. */
import { failed, type Finding, ok, warning } from "./Finding.ts"

/** A `Date` header has a resolution of a second, and the way of an answer takes time. */
const toleranceMs = 5000
/** Above it, tokens expire too early or too late, and signed requests are refused. */
const mostMs = 60_000

const advice = "Synchronise the clocks of both machines (NTP)."

const units = [
  { name: "days", ms: 86_400_000 },
  { name: "hours", ms: 3_600_000 },
  { name: "minutes", ms: 60_000 },
  { name: "s", ms: 1000 },
]

/** In the largest unit that gives at least 2. */
const textOf = (ms: number): string => {
  const unit = units.find((one) => ms >= 2 * one.ms) ?? { name: "s", ms: 1000 }
  return `${Math.round(ms / unit.ms)} ${unit.name}`
}

/** `theirs` was read between `before` and `after`. All are epoch milliseconds. */
export const skewOf = (name: string, theirs: number, before: number, after: number): Finding => {
  const skew = theirs < before ? theirs - before : Math.max(0, theirs - after)
  const check = `clock of ${name}`
  if (Math.abs(skew) <= toleranceMs) return ok(check, `differs by less than ${toleranceMs / 1000} s`)
  const seen = `${textOf(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} this machine`
  return (Math.abs(skew) > mostMs ? failed : warning)(check, seen, advice)
}

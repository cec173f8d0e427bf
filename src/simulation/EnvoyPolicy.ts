/**
 * Envoy's outlier detection with its defaults, the runtime being the one host of its cluster and direct mode the next
 * priority: out after 5 failures in a row for 30 s x the number of ejections (300 s at most), which falls again with
 * every interval of 10 s in use; 15 s for an answer to begin, as a route has.
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
 *
 * The success rate compares hosts, so it does not apply to one host. The failure percentage (85 % of an interval, off
 * by default) would never act first: so many failures include five in a row.
 */
import type { Policy } from "./Policy.ts"

const consecutiveFailures = 5
const baseEjectionMs = 30_000
const maxEjectionMs = 300_000
const intervalMs = 10_000
const routeTimeoutMs = 15_000

export const make = (): Policy<object> => {
  let ejectedAt: number | undefined
  let ejections = 0
  let sweptAt = 0
  let inARow = 0
  const eject = (now: number) => {
    if (ejectedAt !== undefined) return
    ejectedAt = now
    ejections += 1
    inARow = 0
  }
  const sweep = (now: number) => {
    sweptAt = now
    if (ejectedAt === undefined) {
      ejections = Math.max(0, ejections - 1)
    } else if (now - ejectedAt >= Math.min(baseEjectionMs * ejections, maxEjectionMs)) {
      ejectedAt = undefined
    }
  }
  return {
    name: "envoy",
    admit: () => (ejectedAt === undefined ? {} : undefined),
    started: () => {},
    progressed: () => {},
    ended: ({ mode, outcome }, now) => {
      if (mode === "direct_llm") return
      inARow = outcome === "success" ? 0 : inARow + 1
      if (inARow >= consecutiveFailures) eject(now)
    },
    firstProgressLimitMs: () => routeTimeoutMs,
    tick: (now) => {
      if (now - sweptAt >= intervalMs) sweep(now)
      return undefined
    },
    probeEnded: () => {},
    state: () => (ejectedAt === undefined ? "closed" : "open"),
    share: () => (ejectedAt === undefined ? 1 : 0),
  }
}

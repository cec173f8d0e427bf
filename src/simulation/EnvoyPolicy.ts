/**
 * Envoy's outlier detection with its defaults, the runtime being the one host of its cluster and direct mode the next
 * priority: out after 5 failures in a row for 30 s x the number of ejections (300 s at most), which falls again with every
 * interval of 10 s in use; 15 s for an answer to begin, as a route has.
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
 *
 * The success rate compares hosts, which one host does not have; in its place is the failure percentage (85 % of at least
 * 50 requests in an interval), which Envoy has switched off by default.
 */
import type { Policy } from "./Policy.ts"

const consecutiveFailures = 5
const baseEjectionMs = 30_000
const maxEjectionMs = 300_000
const intervalMs = 10_000
const failurePercentage = 0.85
const leastRequests = 50
const routeTimeoutMs = 15_000

export const make = (): Policy<object> => {
  let ejectedAt: number | undefined
  let ejections = 0
  let sweptAt = 0
  let inARow = 0
  let requests = 0
  let failures = 0
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
      if (requests >= leastRequests && failures / requests >= failurePercentage) eject(now)
    } else if (now - ejectedAt >= Math.min(baseEjectionMs * ejections, maxEjectionMs)) {
      ejectedAt = undefined
    }
    requests = 0
    failures = 0
  }
  return {
    name: "envoy",
    admit: () => (ejectedAt === undefined ? {} : undefined),
    started: () => {},
    progressed: () => {},
    ended: ({ mode, outcome }, now) => {
      if (mode === "direct_llm") return
      const failed = outcome !== "success"
      requests += 1
      failures += Number(failed)
      inARow = failed ? inARow + 1 : 0
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

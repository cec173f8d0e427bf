/**
 * The circuit breaker of resilience4j with its defaults: a window of 100 calls, 50 % failed or 100 % slower than 60
 * s, 60 s open, then 10 calls that decide. https://resilience4j.readme.io/docs/circuitbreaker
 *
 * It has no timeout for a call, so an attempt may take as long as the contract allows.
 */
import type { Policy } from "./Policy.ts"
import { totalMs } from "./Simulation.ts"

const windowSize = 100
const failureRate = 0.5
const slowRate = 1
const slowMs = 60_000
const openMs = 60_000
const permittedInHalfOpen = 10

interface Ticket {
  readonly epoch: number
}

/** The last `size` calls. They are judged when there are that many. */
class Calls {
  private readonly calls: Array<{ readonly failed: boolean; readonly slow: boolean }> = []
  private failed = 0
  private slow = 0
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  add(failed: boolean, slow: boolean): "good" | "bad" | "unknown" {
    this.calls.push({ failed, slow })
    this.failed += Number(failed)
    this.slow += Number(slow)
    const oldest = this.calls.length > this.size ? this.calls.shift() : undefined
    this.failed -= Number(oldest?.failed ?? false)
    this.slow -= Number(oldest?.slow ?? false)
    if (this.calls.length < this.size) return "unknown"
    return this.failed / this.size >= failureRate || this.slow / this.size >= slowRate ? "bad" : "good"
  }
}

export const make = (): Policy<Ticket> => {
  let state: "closed" | "open" | "half_open" = "closed"
  let epoch = 0
  let calls = new Calls(windowSize)
  let openUntil = 0
  let permitted = 0
  const move = (to: typeof state, now: number) => {
    state = to
    epoch += 1
    calls = new Calls(to === "half_open" ? permittedInHalfOpen : windowSize)
    openUntil = now + openMs
    permitted = permittedInHalfOpen
  }
  return {
    name: "resilience4j",
    admit: (_orgId, _sessionId, now) => {
      if (state === "open" && now >= openUntil) move("half_open", now)
      if (state === "open" || (state === "half_open" && permitted === 0)) return undefined
      if (state === "half_open") permitted -= 1
      return { epoch }
    },
    started: () => {},
    progressed: () => {},
    ended: ({ latencyMs, mode, outcome, ticket }, now) => {
      if (mode === "direct_llm" || ticket?.epoch !== epoch) return
      const found = calls.add(outcome !== "success", latencyMs > slowMs)
      if (found === "bad") move("open", now)
      if (found === "good" && state === "half_open") move("closed", now)
    },
    firstProgressLimitMs: () => totalMs,
    tick: () => undefined,
    probeEnded: () => {},
    state: () => state,
    share: () => (state === "closed" ? 1 : 0),
  }
}

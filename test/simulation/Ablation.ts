/**
 * The policy of the service without one of its signals, to show the value of each. It uses the service's own code and
 * changes its state from outside, so that the service has no switch for the simulator only.
 */
import * as Baseline from "../../src/monitoring/evidence/Baseline.ts"
import * as Breakers from "../../src/monitoring/breaker/Breakers.ts"
import * as FaultCounter from "../../src/monitoring/evidence/FaultCounter.ts"
import * as Health from "../../src/monitoring/Health.ts"
import * as TripRules from "../../src/monitoring/breaker/TripRules.ts"
import type { Probe } from "../../src/monitoring/probes/Probing.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import * as OurPolicy from "../../src/simulation/OurPolicy.ts"
import type { Policy } from "../../src/simulation/Policy.ts"
import { totalMs } from "../../src/simulation/Simulation.ts"

export const signals = [
  "fault counter",
  "timeout counter",
  "silence",
  "contract",
  "first-progress deadline",
  "short deadline when open",
  "confirming probes",
  "idle probes",
  "organisation's counter",
  "fair weight",
  "ramp",
  "growing hold",
  "health of direct mode",
] as const
export type Signal = (typeof signals)[number]

type Ours = Policy<Ticket, Probe>

/** Runs `after` after every call of the policy. */
const holding = (policy: Ours, after: (now: number) => void): Ours => {
  const then = <A>(now: number, answer: A): A => {
    after(now)
    return answer
  }
  return {
    ...policy,
    admit: (orgId, sessionId, now) => then(now, policy.admit(orgId, sessionId, now)),
    started: (orgId, ticket, now) => then(now, policy.started(orgId, ticket, now)),
    progressed: (ticket, now) => then(now, policy.progressed(ticket, now)),
    ended: (attempt, now) => then(now, policy.ended(attempt, now)),
    tick: (now) => then(now, policy.tick(now)),
    probeEnded: (probe, good, now) => then(now, policy.probeEnded(probe, good, now)),
  }
}

/** No probe while closed and `when` holds. */
const withoutProbes = (health: Health.Health, policy: Ours, when: (now: number) => boolean): Ours => ({
  ...policy,
  tick: (now) => {
    Health.advance(health, now)
    return health.breakers.global.state === "closed" && when(now) ? undefined : policy.tick(now)
  },
})

const isUnsure = ({ breakers }: Health.Health, now: number): boolean =>
  TripRules.isSuspicious(breakers, now) || breakers.probing.failed

/** Started before the breaker opened. */
const isAbandoned = ({ breakers: { global } }: Health.Health, { globalEpoch }: Ticket): boolean =>
  global.state !== "closed" && globalEpoch !== global.epoch

const closeFromRamp = ({ breakers }: Health.Health, now: number): void => {
  const { global } = breakers
  if (global.state !== "ramp") return
  const { level } = global
  const breaker = { state: "closed", epoch: global.epoch + 1, since: now, level } as const
  Breakers.moveGlobal(breakers, { breaker })
}

const keepLevel = ({ breakers }: Health.Health): void => {
  const { global } = breakers
  if (global.level !== undefined && global.level > 0) breakers.global = { ...global, level: 0 }
}

const never = Number.POSITIVE_INFINITY

/** The state of the policy without a signal that is a number of its settings. */
const healthWithout = (settings: Health.Settings, signal: Signal): Health.Health => {
  const usual = signal === "contract" ? { ...settings, minSamples: never } : settings
  const health = Health.make(usual, 0)
  const { faults, timeouts } = health.breakers
  const changed = {
    ...(signal === "fault counter" && { faults: { ...faults, limit: never } }),
    ...(signal === "timeout counter" && { timeouts: { ...timeouts, limit: never } }),
    ...(signal === "fair weight" && {
      faults: { ...faults, most: never },
      timeouts: { ...timeouts, most: never },
    }),
  }
  return { ...health, breakers: { ...health.breakers, ...changed } }
}

export const without = (settings: Health.Settings, signal: Signal): Ours => {
  const health = healthWithout(settings, signal)
  const { breakers } = health
  const ours = OurPolicy.of(health, `without ${signal}`)
  const limit = ours.firstProgressLimitMs
  switch (signal) {
    case "silence":
      return holding(ours, (now) => (breakers.running.quietSince = now))
    case "first-progress deadline":
      return {
        ...ours,
        firstProgressLimitMs: (ticket) => (isAbandoned(health, ticket) ? limit(ticket) : totalMs),
      }
    case "short deadline when open":
      return {
        ...ours,
        firstProgressLimitMs: (ticket) =>
          isAbandoned(health, ticket) ? Baseline.limitMs(breakers.baseline) : limit(ticket),
      }
    case "confirming probes":
      return withoutProbes(health, ours, (now) => isUnsure(health, now))
    case "idle probes":
      return withoutProbes(health, ours, (now) => !isUnsure(health, now))
    case "organisation's counter":
      return holding(ours, () => {
        for (const org of breakers.orgs.byId.values()) FaultCounter.clear(org.faults)
      })
    case "ramp":
      return holding(ours, (now) => closeFromRamp(health, now))
    case "growing hold":
      return holding(ours, () => keepLevel(health))
    case "health of direct mode":
      return holding(ours, () => FaultCounter.clear(breakers.directFaults))
    default:
      return ours
  }
}

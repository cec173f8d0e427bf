/** The policy of the service without one of its signals, to measure the effect of each: the same code with other numbers. */
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import type * as Health from "../../src/monitoring/Health.ts"
import * as MonitorPolicy from "../../src/monitoring/Policy.ts"
import type { Probe } from "../../src/monitoring/probes/Probing.ts"
import * as OurPolicy from "../../src/simulation/OurPolicy.ts"
import type { Policy } from "../../src/simulation/Policy.ts"
import { totalMs } from "../../src/simulation/Simulation.ts"

const never = Number.POSITIVE_INFINITY

/** The numbers that switch a signal off. */
const changes = {
  "fault counter": { faultLimit: never },
  "timeout counter": { timeoutLimit: never },
  silence: { enoughWaiting: never },
  // The contract's own numbers are settings: see `without`.
  contract: {},
  "first-progress deadline": { leastLimitMs: totalMs, greatestLimitMs: totalMs, rampLimitMs: totalMs },
  "short deadline when open": { abandonedMs: never },
  "confirming probes": { confirmations: 0, doubtIntervalMs: never },
  "idle probes": { idleIntervalMs: never },
  "organisation's counter": { orgFaultLimit: never },
  "fair weight": { faultsOfOneOrg: never, timeoutsOfOneOrg: never },
  ramp: { rampShares: [] },
  "growing hold": { holdFactor: 1 },
  "health of direct mode": { directFaultLimit: never },
} satisfies Readonly<Record<string, Partial<MonitorPolicy.Policy>>>

export type Signal = keyof typeof changes
export const signals = Object.keys(changes) as ReadonlyArray<Signal>

export const without = (settings: Health.Settings, signal: Signal): Policy<Ticket, Probe> =>
  OurPolicy.make(
    signal === "contract" ? { ...settings, minSamples: never } : settings,
    { ...MonitorPolicy.defaultPolicy, ...changes[signal] },
    `without ${signal}`,
  )

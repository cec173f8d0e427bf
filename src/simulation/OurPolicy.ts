/** The policy of the service, by the service's own functions; a variant changes numbers of its `Policy`. */
import * as RuntimePermission from "../monitoring/breaker/RuntimePermission.ts"
import * as Ramp from "../monitoring/breaker/Ramp.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import * as Health from "../monitoring/Health.ts"
import * as MonitorPolicy from "../monitoring/Policy.ts"
import * as Probes from "../monitoring/probes/Probes.ts"
import type { Probe } from "../monitoring/probes/Probing.ts"
import type { Policy } from "./Policy.ts"

export const make = (
  settings: Health.Settings,
  numbers: MonitorPolicy.Policy = MonitorPolicy.defaultPolicy,
  name = "ours",
): Policy<Ticket, Probe> => {
  let health = Health.make(settings, 0, numbers)
  const modify = <A>([answer, next]: readonly [A, Health.Health]): A => {
    health = next
    return answer
  }
  return {
    name,
    admit: (orgId, sessionId, now) => {
      const { allowed, ticket } = modify(RuntimePermission.admit(health, orgId, sessionId, now))
      return allowed === "no" ? undefined : ticket
    },
    started: (orgId, ticket, now) => {
      health = Health.started(health, orgId, ticket, now)
    },
    progressed: (ticket, now) => {
      health = Health.progressed(health, ticket, now)
    },
    ended: (attempt, now) => {
      health = Health.record(health, attempt, now)
    },
    firstProgressLimitMs: (ticket) => Health.firstProgressLimitMs(health, ticket),
    tick: (now) => modify(Probes.take(health, now)),
    probeEnded: (probe, good, now) => {
      health = Probes.ended(health, probe, good ? "good" : "bad", now)
    },
    state: () => health.breakers.global.state,
    share: () => {
      const { global, policy } = health.breakers
      if (global.state === "ramp") return Ramp.shareOf(policy, global)
      return global.state === "closed" ? 1 : 0
    },
  }
}

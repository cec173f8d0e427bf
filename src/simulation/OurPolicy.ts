/** The policy of the service, by the service's own code. */
import * as RuntimePermission from "../monitoring/breaker/RuntimePermission.ts"
import * as Health from "../monitoring/Health.ts"
import * as Probes from "../monitoring/probes/Probes.ts"
import type { Probe } from "../monitoring/probes/Probing.ts"
import * as Ramp from "../monitoring/breaker/Ramp.ts"
import type { Ticket } from "../monitoring/breaker/Ticket.ts"
import type { Policy } from "./Policy.ts"

export const make = (settings: Health.Settings): Policy<Ticket, Probe> => of(Health.make(settings, 0), "ours")

export const of = (health: Health.Health, name: string): Policy<Ticket, Probe> => {
  const { breakers } = health
  return {
    name,
    admit: (orgId, sessionId, now) => {
      const { allowed, ticket } = RuntimePermission.admit(health, orgId, sessionId, now)
      return allowed === "no" ? undefined : ticket
    },
    started: (orgId, ticket, now) => Health.started(health, orgId, ticket, now),
    progressed: (ticket, now) => Health.progressed(health, ticket, now),
    ended: (attempt, now) => Health.record(health, attempt, now),
    firstProgressLimitMs: (ticket) => Health.firstProgressLimitMs(health, ticket),
    tick: (now) => Probes.take(health, now),
    probeEnded: (probe, good, now) => Probes.ended(health, probe, good ? "good" : "bad", now),
    state: () => breakers.global.state,
    share: () => {
      const { global } = breakers
      if (global.state === "ramp") return Ramp.shareOf(global)
      return global.state === "closed" ? 1 : 0
    },
  }
}

/** Turns against a Monitor with the default policy, under TestClock. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import type { Ticket } from "../../src/monitoring/breaker/Ticket.ts"
import { org, settings, start } from "./schedules.ts"

export const test = (name: string, body: Effect.Effect<void, never, Monitor>) =>
  it.effect(name, () =>
    Effect.andThen(TestClock.setTime(start), Effect.provide(body, Monitor.layer(settings))),
  )

export const record = (orgId: OrgId, outcome: Outcome, ticket?: Ticket, latencyMs = 1000) =>
  Effect.flatMap(Monitor, (monitor) =>
    monitor.record({ orgId, mode: "runtime_orchestrator", outcome, latencyMs, ticket }),
  )

export const admit = (orgId: OrgId) =>
  Effect.flatMap(Monitor, (monitor) => monitor.admit(orgId, `session of ${orgId}`))
export const allowed = (orgId: OrgId) => Effect.map(admit(orgId), (admission) => admission.allowed)
export const status = Effect.flatMap(Monitor, (monitor) => monitor.status)

/** A turn that uses the runtime if it may. */
export const turn = (orgId: OrgId, outcome: Outcome) =>
  Effect.flatMap(admit(orgId), ({ allowed, ticket }) =>
    allowed === "no" ? Effect.void : record(orgId, outcome, ticket),
  )

export const times = (count: number, effect: Effect.Effect<void, never, Monitor>) =>
  Effect.forEach(Array.from({ length: count }), () => effect, { discard: true })

export const a = org(1)
export const b = org(2)

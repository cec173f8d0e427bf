/** The interface of a policy: when to leave the runtime and when to return. Times are milliseconds. */
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"

/** `Ticket` and `Probe` belong to the policy; the simulation only hands them back. */
export interface Policy<Ticket = unknown, Probe = unknown> {
  readonly name: string
  /** A ticket lets the turn start in the runtime. */
  readonly admit: (orgId: OrgId, sessionId: string, now: number) => Ticket | undefined
  readonly started: (orgId: OrgId, ticket: Ticket, now: number) => void
  readonly progressed: (ticket: Ticket, now: number) => void
  readonly ended: (
    attempt: {
      readonly orgId: OrgId
      readonly mode: ExecutionMode
      readonly outcome: Outcome
      readonly latencyMs: number
      readonly ticket: Ticket | undefined
    },
    now: number,
  ) => void
  /** The longest time without progress for the attempt of this ticket, from its start. */
  readonly firstProgressLimitMs: (ticket: Ticket) => number
  /** Called at least every `tickMs`; returns a probe that should start now. */
  readonly tick: (now: number) => Probe | undefined
  readonly probeEnded: (probe: Probe, good: boolean, now: number) => void
  /** State of the global breaker. */
  readonly state: () => "closed" | "open" | "half_open" | "ramp"
  readonly share: () => number
}

export const tickMs = 500

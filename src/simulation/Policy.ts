/** What is compared: when to leave the runtime and when to come back. Times are milliseconds. */
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"

/** `Ticket` and `Probe` are the policy's own; the simulation hands them back. */
export interface Policy<Ticket = unknown, Probe = unknown> {
  readonly name: string
  /** A ticket lets the turn begin in the runtime. */
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
  /** How long the attempt of this ticket may show nothing, from its start. */
  readonly firstProgressLimitMs: (ticket: Ticket) => number
  /** Called at least every `tickMs`; a probe that is to be begun now. */
  readonly tick: (now: number) => Probe | undefined
  readonly probeEnded: (probe: Probe, good: boolean, now: number) => void
  /** Of the breaker of all. */
  readonly state: () => "closed" | "open" | "half_open" | "ramp"
  readonly share: () => number
}

export const tickMs = 500

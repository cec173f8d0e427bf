/**
 * What one replica tells the others of its attempts and probes, so that the breakers of each judge what all of them saw:
 * the very inputs that its own Monitor got, in their order. Nothing is summed up, so nothing can be counted twice.
 *
 * Times are epoch milliseconds of the clock that reads them; `HealthExchange` translates.
 */
import type { OrgId } from "../../domain/Ids.ts"
import type { ExecutionMode } from "../../domain/Mode.ts"
import type { Outcome } from "../../domain/Outcome.ts"

/** `attempt` is a number of the sender's own, from 1. */
export type HealthEvent =
  | {
      readonly _tag: "started"
      readonly at: number
      readonly attempt: number
      readonly orgId: OrgId
      /** Of the breaker of all, when the turn was admitted. */
      readonly globalEpoch: number
    }
  | { readonly _tag: "progressed"; readonly at: number; readonly attempt: number }
  | {
      readonly _tag: "ended"
      readonly at: number
      /** Or one of the two below. */
      readonly attempt: number
      readonly orgId: OrgId
      readonly mode: ExecutionMode
      readonly outcome: Outcome
      readonly latencyMs: number
      /** The user cancelled it; the outcome is neutral. */
      readonly cancelled?: boolean
    }
  /** Its end will not be told. */
  | { readonly _tag: "forgotten"; readonly at: number; readonly attempt: number }
  | {
      readonly _tag: "probed"
      readonly at: number
      readonly startedAt: number
      readonly globalEpoch: number
      readonly result: "good" | "bad" | "neutral"
    }
  /** An operator has reset: what speaks against the organisation, or against all, is void. */
  | { readonly _tag: "reset"; readonly at: number; readonly orgId: OrgId | null }

/** Of a runtime attempt without a ticket: it counts under the epochs of its end. */
export const withoutTicket = -1
/** Of a leased probe, whose end the breaker's own state tells, and of direct mode. */
export const notJudged = 0

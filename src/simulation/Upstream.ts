/**
 * The course of an attempt, drawn once from the mode, the fault at its start and its own random numbers. Pure.
 *
 * A simplification: a fault affects attempts that start while it lasts; attempts that run already are not affected.
 */
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import * as Chance from "./Chance.ts"
import { type Fault, faultAt, type Scenario } from "./Scenario.ts"

/** Milliseconds from the attempt's start; infinity if it never happens. */
export interface Course {
  readonly firstProgressMs: number
  readonly endMs: number
  readonly fault: boolean
  /** The attempt fails at once and has started nothing, so the same target may be tried again. */
  readonly refused: boolean
  /** Set if it is more exact than `fault`. */
  readonly outcome?: Outcome
  /** It showed progress but no content, so the turn can still move. */
  readonly movable?: boolean
}

export interface Turn {
  readonly orgId: OrgId
  readonly sessionId: string
  readonly atMs: number
}

/** The behaviour of the two modes. The simulation asks once per attempt. */
export interface Upstream<T extends Turn> {
  /** `attempt`: 0, or 1 when the same target is tried again. */
  readonly runtime: (turn: T, attempt: number, now: number) => Course
  readonly direct: (turn: T, now: number) => Course
  /** `number` of the synthetic probe, from 1. */
  readonly probe: (number: number, now: number) => Course
}

/** A random turn. */
export interface DrawnTurn extends Turn {
  readonly number: number
  /** The number of its organisation. */
  readonly org: number
}

/** Medians in milliseconds, for an agent that plans a little and answers in a few sentences, and for a plain model. */
const shape = {
  runtime_orchestrator: { firstProgressMs: 800, answerMs: 6000 },
  direct_llm: { firstProgressMs: 500, answerMs: 4000 },
} as const
const sigma = 0.5
const usualLateShare = 0.15
/** Direct mode after its own retries. */
const directErrorRate = 0.002
const refusedMs = 20
const purposes = { progress: 10, answer: 12, fails: 14, late: 15, hangs: 16 } as const
/** Each attempt and each mode has random numbers of its own. */
const nextAttempt = 7919
const otherMode = 104_729

const never = Number.POSITIVE_INFINITY
const refusal: Course = { firstProgressMs: never, endMs: refusedMs, fault: true, refused: true }
const silence: Course = { firstProgressMs: never, endMs: never, fault: true, refused: false }

export const drawn = (scenario: Scenario, seed: number): Upstream<DrawnTurn> => ({
  runtime: ({ number, org }, attempt, now) =>
    courseOf(scenario, seed + attempt * nextAttempt, "runtime_orchestrator", number, org, now),
  direct: ({ number, org }, now) => courseOf(scenario, seed + otherMode, "direct_llm", number, org, now),
  // A probe has no organisation; turns have numbers above 0.
  probe: (number, now) => courseOf(scenario, seed, "runtime_orchestrator", -number, -1, now),
})

const courseOf = (
  scenario: Scenario,
  luck: number,
  mode: ExecutionMode,
  number: number,
  org: number,
  atMs: number,
): Course => {
  const what = faultAt(scenario, mode, org, atMs)
  if (what?.kind === "refused") return refusal
  if (what?.kind === "hang" && Chance.draw(luck, number, purposes.hangs) < (what.share ?? 1)) return silence
  return answering(scenario, luck, mode, number, what)
}

const answering = (
  { errorRate, lateFailures = usualLateShare }: Scenario,
  luck: number,
  mode: ExecutionMode,
  number: number,
  what: Fault["what"] | undefined,
): Course => {
  const { answerMs, firstProgressMs } = shape[mode]
  const slower = what?.kind === "slow" ? what.factor : 1
  const lognormal = (purpose: number, median: number) =>
    slower * Chance.logNormal(luck, number, purpose, median, sigma)
  const progressMs = lognormal(purposes.progress, firstProgressMs)
  const healthy = mode === "direct_llm" ? directErrorRate : errorRate
  const failing = what?.kind === "errors" ? what.share : healthy
  if (Chance.draw(luck, number, purposes.fails) >= failing) {
    const endMs = progressMs + lognormal(purposes.answer, answerMs)
    return { firstProgressMs: progressMs, endMs, fault: false, refused: false }
  }
  return Chance.draw(luck, number, purposes.late) < lateFailures
    ? { firstProgressMs: progressMs, endMs: progressMs + answerMs / 2, fault: true, refused: false }
    : { firstProgressMs: never, endMs: progressMs, fault: true, refused: false }
}

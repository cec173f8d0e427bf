/**
 * What an attempt would do if it were let: drawn once from the mode, the fault at its start and its own luck. Pure.
 *
 * A simplification: a fault meets what begins while it lasts; what is under way when it comes runs on.
 */
import type { ExecutionMode } from "../domain/Mode.ts"
import * as Chance from "./Chance.ts"
import { type Fault, faultAt, type Scenario } from "./Scenario.ts"

/** Milliseconds from the attempt's start; what never happens is at infinity. */
export interface Course {
  readonly firstProgressMs: number
  readonly endMs: number
  readonly fault: boolean
  /** It fails at once and has begun nothing, so the same target may be asked again. */
  readonly refused: boolean
}

export interface Turn {
  readonly number: number
  readonly org: number
  readonly atMs: number
}

/** Medians in milliseconds, of an agent that plans a little and answers in some sentences, and of a plain model. */
const shape = {
  runtime_orchestrator: { firstProgressMs: 800, answerMs: 6000 },
  direct_llm: { firstProgressMs: 500, answerMs: 4000 },
} as const
const sigma = 0.5
/** Of failures, those that come when the answer has begun: such a turn cannot move. */
const lateShare = 0.15
/** Direct mode with the retries of its own. */
const directErrorRate = 0.002
const refusedMs = 20
const purposes = { progress: 10, answer: 12, fails: 14, late: 15 } as const

const never = Number.POSITIVE_INFINITY

export const courseOf = (
  scenario: Scenario,
  seed: number,
  mode: ExecutionMode,
  turn: Turn,
  attempt: number,
  atMs: number,
): Course => {
  const what = faultAt(scenario, mode, turn.org, atMs)
  if (what?.kind === "refused")
    return { firstProgressMs: never, endMs: refusedMs, fault: true, refused: true }
  if (what?.kind === "hang" || what?.kind === "keep_alive") {
    return { firstProgressMs: never, endMs: never, fault: true, refused: false }
  }
  return answering(scenario, seed + attempt * 7919 + (mode === "direct_llm" ? 104_729 : 0), mode, turn, what)
}

const answering = (
  { errorRate }: Scenario,
  luck: number,
  mode: ExecutionMode,
  turn: Turn,
  what: Fault["what"] | undefined,
): Course => {
  const { answerMs, firstProgressMs } = shape[mode]
  const slower = what?.kind === "slow" ? what.factor : 1
  const lognormal = (purpose: number, median: number) =>
    slower * Chance.logNormal(luck, turn.number, purpose, median, sigma)
  const progressMs = lognormal(purposes.progress, firstProgressMs)
  const healthy = mode === "direct_llm" ? directErrorRate : errorRate
  const failing = what?.kind === "errors" ? what.share : healthy
  if (Chance.draw(luck, turn.number, purposes.fails) >= failing) {
    const endMs = progressMs + lognormal(purposes.answer, answerMs)
    return { firstProgressMs: progressMs, endMs, fault: false, refused: false }
  }
  const late = Chance.draw(luck, turn.number, purposes.late) < lateShare
  return late
    ? { firstProgressMs: progressMs, endMs: progressMs + answerMs / 2, fault: true, refused: false }
    : { firstProgressMs: never, endMs: progressMs, fault: true, refused: false }
}

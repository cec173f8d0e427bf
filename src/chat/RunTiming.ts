/** The times of a run, computed from its row and its attempts. Pure. */
import { overheadMs } from "../domain/Overhead.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { RunTimes, TimedAttempt } from "../domain/RunAccount.ts"

export const timed = (attempt: Attempt): TimedAttempt => {
  const since = (at: number | null) => (at === null ? null : at - attempt.startedAt)
  return {
    ...attempt,
    firstProgressMs: since(attempt.firstProgressAt),
    firstContentMs: since(attempt.firstContentAt),
    durationMs: attempt.endedAt - attempt.startedAt,
  }
}

export const timesOf = (
  { createdAt, endedAt }: Run,
  attempts: ReadonlyArray<Attempt>,
  longestSilenceMs: number | null,
): RunTimes => {
  const own = attempts.filter(({ shadow }) => !shadow)
  return {
    totalMs: endedAt === null ? null : endedAt - createdAt,
    overheadMs: endedAt === null ? null : overheadMs({ startedAt: createdAt, endedAt }, own),
    longestSilenceMs,
  }
}

/** The clocks of a run, from its row, its attempts and its messages. Pure. */
import type { Message } from "../agent2ui/Message.ts"
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

const longestSilence = (messages: ReadonlyArray<Message>): number | null => {
  const times = messages.map(({ timestamp }) => Date.parse(timestamp))
  return times.length < 2 ? null : Math.max(...times.slice(1).map((at, index) => at - times[index]!))
}

export const timesOf = (
  { createdAt, endedAt }: Run,
  attempts: ReadonlyArray<Attempt>,
  messages: ReadonlyArray<Message>,
): RunTimes => {
  const own = attempts.filter(({ shadow }) => !shadow)
  return {
    totalMs: endedAt === null ? null : endedAt - createdAt,
    overheadMs: endedAt === null ? null : overheadMs({ startedAt: createdAt, endedAt }, own),
    longestSilenceMs: longestSilence(messages),
  }
}

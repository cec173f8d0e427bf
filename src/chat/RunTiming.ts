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

/** The longest time between two messages. They are added in order. */
export class Silence {
  #last: number | undefined
  longestMs: number | null = null

  add({ timestamp }: Pick<Message, "timestamp">): void {
    const at = Date.parse(timestamp)
    if (this.#last !== undefined) this.longestMs = Math.max(this.longestMs ?? 0, at - this.#last)
    this.#last = at
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

/** The gateway's own part of a turn's time. Pure. Epoch milliseconds in, milliseconds out. */

interface Interval {
  readonly startedAt: number
  readonly endedAt: number
}

/**
 * The turn's time minus the time in which an upstream worked for it, with overlapping attempts counted once. Never
 * negative.
 */
export const overheadMs = (turn: Interval, attempts: ReadonlyArray<Interval>): number => {
  let own = 0
  let until = turn.startedAt
  for (const { endedAt, startedAt } of attempts.toSorted((a, b) => a.startedAt - b.startedAt)) {
    own += Math.max(0, Math.min(startedAt, turn.endedAt) - until)
    until = Math.max(until, Math.min(endedAt, turn.endedAt))
  }
  return own + Math.max(0, turn.endedAt - until)
}

/**
 * The clocks of an attempt: first progress, first content, stall, call, total. Pure. The watchdog of an attempt
 * sleeps until the nearest deadline and then computes it again, so an attempt costs one fiber and one timer at a
 * time, and none per event. Before its first progress a runtime attempt checks four times a second, because that
 * limit may shrink.
 *
 * Times are monotonic milliseconds, so a change of the wall clock moves no deadline.
 */
import {
  CallTimeout,
  type ExecutionError,
  FirstContentTimeout,
  FirstProgressTimeout,
  StallTimeout,
  TotalTimeout,
} from "./ExecutionError.ts"

export interface Limits {
  /** For an attempt that may move to another target. The Monitor sets it, and it may change while the attempt waits. */
  readonly firstProgressMs?: number | undefined
  /** Until the first event of any type. Infinite if no other target can answer. */
  readonly firstContentMs: number
  /** Between two events while no call is open. */
  readonly stallMs: number
  /** Between two events while a call is open. Undefined: use `stallMs`. */
  readonly callMs?: number | undefined
  readonly totalMs: number
}

export interface Progress {
  readonly startedAt: number
  /** Undefined before the first event. A stall needs an earlier event; before the first one there is only a wait. */
  readonly lastAt: number | undefined
  /** A tool, skill or MCP call is open. */
  readonly calling: boolean
}

interface Deadline {
  readonly at: number
  /** Lazy, because an error costs a stack trace and few deadlines pass. */
  readonly error: () => ExecutionError
}

/** The deadline for silence after the last event. */
const silence = (upstream: string, { callMs, stallMs }: Limits, calling: boolean) =>
  calling && callMs !== undefined
    ? { ms: callMs, error: () => new CallTimeout({ upstream, afterMs: callMs }) }
    : { ms: stallMs, error: () => new StallTimeout({ upstream, afterMs: stallMs }) }

/** The deadline for the first event. */
const wait = (upstream: string, { firstContentMs, firstProgressMs }: Limits) =>
  firstProgressMs !== undefined && firstProgressMs < firstContentMs
    ? { ms: firstProgressMs, error: () => new FirstProgressTimeout({ upstream, afterMs: firstProgressMs }) }
    : { ms: firstContentMs, error: () => new FirstContentTimeout({ upstream, afterMs: firstContentMs }) }

/** The first deadline to pass. If the total passes at the same time, the other one counts, because it is more exact. */
export const nearest = (upstream: string, limits: Limits, progress: Progress): Deadline => {
  const { calling, lastAt, startedAt } = progress
  const { error, ms } = lastAt === undefined ? wait(upstream, limits) : silence(upstream, limits, calling)
  const at = (lastAt ?? startedAt) + ms
  const total = startedAt + limits.totalMs
  return at <= total
    ? { at, error }
    : { at: total, error: () => new TotalTimeout({ upstream, afterMs: limits.totalMs }) }
}

/** The shortest silence limit after any event, and so the longest sleep of a watchdog. */
export const shortestSilence = ({ callMs, stallMs }: Limits): number => Math.min(stallMs, callMs ?? stallMs)

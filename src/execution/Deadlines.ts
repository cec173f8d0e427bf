/**
 * The clocks of an attempt: first progress, first content, stall between progress events, total. Pure: the watchdog of an
 * attempt sleeps until the nearest deadline and asks again, so an attempt costs one fiber and one timer at a time, none per
 * event. Before its first progress a runtime attempt asks four times a second, because that limit may shrink.
 *
 * Times are monotonic milliseconds, so a change of the wall clock moves no deadline.
 */
import {
  type ExecutionError,
  FirstContentTimeout,
  FirstProgressTimeout,
  StallTimeout,
  TotalTimeout,
} from "./ExecutionError.ts"

export interface Limits {
  /** Of an attempt that may move to another mode; the Monitor's word, which may change while it waits. */
  readonly firstProgressMs?: number | undefined
  readonly firstContentMs: number
  readonly stallMs: number
  readonly totalMs: number
}

export interface Progress {
  readonly startedAt: number
  /** Undefined until something has come: between events there can be a stall, before the first one only a wait. */
  readonly lastAt: number | undefined
  /** Content has come or a call has begun: the first clock has stopped. */
  readonly bound: boolean
}

export interface Deadline {
  readonly at: number
  /** Made when it strikes: an error costs a stack, and hardly any deadline is missed. */
  readonly error: () => ExecutionError
}

/** The deadline that strikes first; where two strike at once, the one that says most: first content, stall, total. */
export const nearest = (upstream: string, limits: Limits, progress: Progress): Deadline => {
  const stall = progress.lastAt === undefined ? Number.POSITIVE_INFINITY : progress.lastAt + limits.stallMs
  const total = progress.startedAt + limits.totalMs
  const { firstProgressMs } = limits
  if (firstProgressMs !== undefined && progress.lastAt === undefined) {
    const at = progress.startedAt + firstProgressMs
    if (at < progress.startedAt + limits.firstContentMs && at < total) {
      return { at, error: () => new FirstProgressTimeout({ upstream, afterMs: firstProgressMs }) }
    }
  }
  const first = progress.bound ? Number.POSITIVE_INFINITY : progress.startedAt + limits.firstContentMs
  if (first <= stall && first <= total) {
    return { at: first, error: () => new FirstContentTimeout({ upstream, afterMs: limits.firstContentMs }) }
  }
  if (stall <= total)
    return { at: stall, error: () => new StallTimeout({ upstream, afterMs: limits.stallMs }) }
  return { at: total, error: () => new TotalTimeout({ upstream, afterMs: limits.totalMs }) }
}

/**
 * Decides if there is room for one more shadow. Pure: the measures are passed in. A user must never wait for a
 * shadow, so it is dropped rather than queued, and running shadows are cancelled when the process is busy.
 */
import type { ExecutionMode } from "../domain/Mode.ts"

/** The share of the running turns that may have a shadow; at least one shadow is allowed. */
const shareOfTurns = 0.1
/** A trace holds at most about 2 MB, so all shadows together stay below 100 MB. */
const maxShadows = 50
/** Share of the last second in which the event loop was busy. Above this, turns begin to wait for each other. */
const busyUtilization = 0.9

export interface Measures {
  /** Running shadows. */
  readonly shadows: number
  /** Running turns of users, including the present one. */
  readonly turns: number
  /** Event loop utilization over the last second, 0 to 1. */
  readonly utilization: number
  /** The breaker keeps turns from the runtime. */
  readonly breakerOpen: boolean
}

export const isBusy = (utilization: number): boolean => utilization >= busyUtilization

export const places = (turns: number): number =>
  Math.min(maxShadows, Math.max(1, Math.floor(turns * shareOfTurns)))

/** The reason to drop a shadow of `mode`; undefined if it may run. */
export const refusal = (
  mode: ExecutionMode,
  { breakerOpen, shadows, turns, utilization }: Measures,
): "dropped_breaker" | "dropped_busy" | "dropped_load" | undefined => {
  if (isBusy(utilization)) return "dropped_load"
  if (mode === "runtime_orchestrator" && breakerOpen) return "dropped_breaker"
  return shadows >= places(turns) ? "dropped_busy" : undefined
}

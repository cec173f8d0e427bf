/**
 * Whether there is room for one more shadow. Pure: the measures are passed in. A shadow must never be what a user waits
 * for, so it is left out rather than queued, and those under way are given up when the process has no time to spare.
 */
import type { ExecutionMode } from "../domain/Mode.ts"

/** Of the turns under way, at least one shadow. */
const shareOfTurns = 0.1
/** A trace holds at most some 2 MB, so that shadows together stay below 100 MB. */
const maxShadows = 50
/** Share of the last second that the event loop was at work. Beyond it, turns begin to wait for each other. */
const busyUtilization = 0.9

export interface Measures {
  /** Shadows under way. */
  readonly shadows: number
  /** Users' turns under way, the one in question among them. */
  readonly turns: number
  /** Of the event loop over the last second, 0 to 1. */
  readonly utilization: number
  /** The breaker keeps turns from the runtime. */
  readonly breakerOpen: boolean
}

export const isBusy = (utilization: number): boolean => utilization >= busyUtilization

export const places = (turns: number): number =>
  Math.min(maxShadows, Math.max(1, Math.floor(turns * shareOfTurns)))

/** Why a shadow of `mode` is not run; undefined when it may. */
export const refusal = (
  mode: ExecutionMode,
  { breakerOpen, shadows, turns, utilization }: Measures,
): "dropped_breaker" | "dropped_busy" | "dropped_load" | undefined => {
  if (isBusy(utilization)) return "dropped_load"
  if (mode === "runtime_orchestrator" && breakerOpen) return "dropped_breaker"
  return shadows >= places(turns) ? "dropped_busy" : undefined
}

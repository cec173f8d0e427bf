/**
 * Draws the turns that also run in shadow, and the mode of the shadow. Pure. A part of the sample runs once more in
 * its own mode (A/A): the difference of a mode from itself is the noise above which a difference between the modes
 * counts.
 */
import type { Decision } from "../domain/Decision.ts"
import type { ExecutionMode } from "../domain/Mode.ts"

export interface ShadowShare {
  /** 0 to 100: share of all turns. */
  readonly percent: number
  /** 0 to 100: share of the sampled turns that run once more in their own mode. */
  readonly samePercent: number
}

/** The usable modes. Nothing is sampled if one mode has no target or the turn may never reach the runtime. */
export interface Reach {
  readonly runtime: boolean
  readonly direct: boolean
  readonly neverRuntime: boolean
}

const other = (mode: ExecutionMode): ExecutionMode =>
  mode === "direct_llm" ? "runtime_orchestrator" : "direct_llm"

const shadowOf = (
  { order: [mode], probe, reason }: Decision,
  { percent, samePercent }: ShadowShare,
  reach: Reach,
  draw: number,
): ExecutionMode | undefined => {
  const place = draw * 100
  if (!reach.runtime || !reach.direct || reach.neverRuntime || place >= percent) return undefined
  // A probe is not a typical turn, and a turn that the breaker kept from the runtime must not reach it in shadow.
  if (probe || reason === "breaker") return undefined
  return place < (percent * samePercent) / 100 ? mode : other(mode)
}

/** The decision with its shadow, if it has one. `draw` is uniform in [0, 1); one number serves both choices. */
export const sampled = (decision: Decision, share: ShadowShare, reach: Reach, draw: number): Decision => {
  const shadow = shadowOf(decision, share, reach, draw)
  return shadow === undefined ? decision : { ...decision, shadow }
}

/**
 * Which turns also run unseen, and in which mode. Pure. Of the sample, a part runs once more in the mode that the turn
 * took (A/A): how much a mode differs from itself is the noise above which a difference between the modes counts.
 */
import type { Decision } from "../domain/Decision.ts"
import type { ExecutionMode } from "../domain/Mode.ts"

export interface ShadowShare {
  /** 0 to 100: of all turns. */
  readonly percent: number
  /** 0 to 100: of the sampled ones, those that run in their own mode once more. */
  readonly samePercent: number
}

/** What may be used: nothing is sampled where one mode has no target, or where the turn may never reach the runtime. */
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
  // The breaker's probe is no usual turn, and a turn that it kept from the runtime must not get there in shadow.
  if (probe || reason === "breaker") return undefined
  return place < (percent * samePercent) / 100 ? mode : other(mode)
}

/** The decision with its shadow, if it has one. `draw` is uniform in [0, 1), one number for both questions. */
export const sampled = (decision: Decision, share: ShadowShare, reach: Reach, draw: number): Decision => {
  const shadow = shadowOf(decision, share, reach, draw)
  return shadow === undefined ? decision : { ...decision, shadow }
}

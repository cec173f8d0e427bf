/** What is kept of an autopilot: the row of a new stay, and the audit's auditEntry of a change. Pure. */
import type { Actor } from "../domain/Actor.ts"
import type { AutopilotState } from "../domain/Autopilot.ts"
import type { Change } from "../store/Audit.ts"
import type { Autopilot } from "../store/Autopilots.ts"
import * as Samples from "./Samples.ts"

/** Of a stay that has just begun: it has seen nothing, and reads from its begin on. */
export const newStep = (state: AutopilotState): Autopilot => ({
  state,
  samples: Samples.store(Samples.empty()),
  watermark: { createdAt: state.since, runId: "" },
})

/** Whether the sums of the one are the other's. */
export const isSameStep = (a: AutopilotState, b: AutopilotState): boolean =>
  a.since === b.since && a.percentage === b.percentage

const outline = (state: AutopilotState | undefined) =>
  state === undefined ? {} : { status: state.status, percentage: state.percentage }

export const auditEntry = (
  done: {
    readonly by: Actor
    readonly at: number
    readonly action: string
    readonly reason: string | undefined
  },
  before: AutopilotState | undefined,
  after: AutopilotState,
): Change => ({
  by: done.by,
  at: done.at,
  action: `autopilot.${done.action}`,
  reason: done.reason ?? null,
  before: outline(before),
  after: outline(after),
})

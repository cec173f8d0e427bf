/** Rows of an autopilot: the record of a new step, and the audit entry of a change. Pure. */
import type { Actor } from "../domain/Actor.ts"
import type { AutopilotState } from "../domain/Autopilot.ts"
import type { Change } from "../store/Audit.ts"
import type { Autopilot } from "../store/Autopilots.ts"
import * as Samples from "./Samples.ts"

/** The record of a step that has just started: no samples; it reads runs from its start on. */
export const newStep = (state: AutopilotState): Autopilot => ({
  state,
  samples: Samples.store(Samples.empty()),
  watermark: { createdAt: state.since, runId: "" },
})

/** True if both states share the same samples. */
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

/**
 * The announcements of a turn: `retract` and `fallback` between two attempts. They use the numbers that the run's log
 * gives to its messages.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { draft, type Draft, type ValidDraft } from "../protocol/agent2ui/Message.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { RecentTurns } from "../monitoring/RecentTurns.ts"
import * as Measure from "../telemetry/Measure.ts"
import { errorPolicyOf } from "./ExecutionError.ts"
import type { ExecutionEvent, Turn } from "./Executor.ts"
import type { AttemptFailed, TurnEvent } from "./TurnEvent.ts"

/** The state of a turn across its attempts. Message n of a turn is event n of its run's log. */
export interface Progress {
  attempts: number
  /** The target of the last attempt, and the number of its attempts. */
  target: string | undefined
  attemptsOfTarget: number
  messages: number
  /** Messages before the current attempt. */
  before: number
  firstText: number | undefined
  failed: AttemptFailed | undefined
}

export const newProgress = (): Progress => ({
  attempts: 0,
  target: undefined,
  attemptsOfTarget: 0,
  messages: 0,
  before: 0,
  firstText: undefined,
  failed: undefined,
})

/** The messages between a failed attempt and the next one: `retract` and `fallback`, if they apply. */
export const announcements = (
  progress: Progress,
  turn: Turn,
  to: ExecutionMode,
): ReadonlyArray<TurnEvent> => {
  const { failed } = progress
  if (failed === undefined) return []
  const { code, message } = errorPolicyOf(failed.error)
  const drafts: Array<ValidDraft> = []
  if (failed.disposition === "retract" && progress.firstText !== undefined) {
    const range = { fromSeq: progress.firstText, toSeq: progress.messages }
    drafts.push(draft({ type: "retract", data: { runId: turn.runId, ...range, reason: message } }))
  }
  if (failed.mode !== to)
    drafts.push(draft({ type: "fallback", data: { from: failed.mode, to, reason: message, code } }))
  return drafts.map((draft) => ({ _tag: "Message", draft }))
}

/** Records a change of mode in the metrics and in the list of recent fallbacks. */
export const recordFallback = (
  recent: RecentTurns["Service"],
  { failed }: Progress,
  { orgId, runId }: Turn,
  to: ExecutionMode,
): Effect.Effect<void> => {
  if (failed === undefined || failed.mode === to) return Effect.void
  const { code } = errorPolicyOf(failed.error)
  const { disposition, mode: from } = failed
  return Effect.flatMap(Clock.currentTimeMillis, (at) =>
    Effect.andThen(
      recent.addFallback({ at, runId, orgId, from, to, code }),
      Measure.fellBack(from, code, disposition === "retract"),
    ),
  )
}

/** Converts an attempt's event to an event of its turn. */
export const toTurnEvent = (progress: Progress, mode: ExecutionMode, event: ExecutionEvent): TurnEvent =>
  count(
    progress,
    event._tag === "Finished"
      ? { ...event, mode }
      : event.draft.type === "retract"
        ? { ...event, draft: shifted(event.draft, progress.before) }
        : event,
  )

/** An attempt counts its own messages; a run counts those of all attempts. */
const shifted = ({ data, ...rest }: Extract<Draft, { readonly type: "retract" }>, by: number): ValidDraft =>
  draft({ ...rest, data: { ...data, fromSeq: data.fromSeq + by, toSeq: data.toSeq + by } })

export const count = (progress: Progress, event: TurnEvent): TurnEvent => {
  if (event._tag === "Message") {
    progress.messages += 1
    const type = event.draft.type
    if (type === "text" || type === "markdown") progress.firstText ??= progress.messages
  }
  return event
}

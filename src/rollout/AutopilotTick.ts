/**
 * One tick of the autopilot: read new runs, judge them, apply the verdict. A decision is stored before it is applied,
 * so a start after a crash completes it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Rollout } from "../decision/Rollout.ts"
import type { Actor } from "../domain/Actor.ts"
import type { AutopilotState } from "../domain/Autopilot.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { Autopilots, type StoredAutopilot } from "../store/Autopilots.ts"
import * as AutopilotRules from "./AutopilotRules.ts"
import * as CohortReader from "./CohortReader.ts"
import * as AutopilotRecord from "./AutopilotRecord.ts"
import * as Samples from "./Samples.ts"
import * as RolloutPercentage from "./RolloutPercentage.ts"
import * as Verdict from "./Verdict.ts"
import * as Measure from "../telemetry/Measure.ts"

const self: Actor = { orgId: null, userId: "autopilot", requestId: null }
/** Statuses that change with almost every tick; the audit does not list them. */
const routineStatuses: ReadonlySet<AutopilotState["status"]> = new Set(["running", "holding"])

const noRuns = { treatment: 0, control: 0 }
/** Ratings arrive without runs. */
const ratingsOf = ({ verdict }: AutopilotState) => {
  const {
    control = 0,
    runs = noRuns,
    treatment = 0,
  } = verdict?.guardrails.find(({ guardrail }) => guardrail === "feedback") ?? {}
  return [control, treatment, runs.control, runs.treatment]
}

const isChange = (before: AutopilotState, after: AutopilotState): boolean =>
  String(ratingsOf(before)) !== String(ratingsOf(after)) ||
  before.status !== after.status ||
  before.reason !== after.reason ||
  !AutopilotRecord.isSameStep(before, after)

export const make = Effect.gen(function* () {
  const autopilots = yield* Autopilots
  const monitor = yield* Monitor
  const rollout = yield* Rollout
  const reader = yield* CohortReader.make
  const rolloutPercentage = yield* RolloutPercentage.make
  let last: { readonly at: number; readonly isBlocked: boolean } | undefined

  /** A time without comparable runs is recorded before its runs are read; it ends at the first tick after it. */
  const recordGap = (state: AutopilotState, isBlocked: boolean, now: number): AutopilotState => {
    const before = last
    last = { at: now, isBlocked }
    return isBlocked || before?.isBlocked === true
      ? AutopilotRules.withGap(state, before?.at ?? now, now)
      : state
  }

  const judge = Effect.fnUntraced(function* (stored: StoredAutopilot) {
    const now = yield* Clock.currentTimeMillis
    const { etag, settings } = yield* rollout.current
    const isBlocked = yield* monitor.isFallbackEnabled
    const state = recordGap(stored.state, isBlocked, now)
    const { count, samples, watermark } = yield* reader.read(stored, state, now)
    const next = AutopilotRules.advance(state, {
      now,
      percentage: settings.percentage,
      conflict: yield* rolloutPercentage.conflict,
      blocked: isBlocked
        ? "the breaker keeps turns from the runtime, so the cohorts cannot be compared"
        : undefined,
      verdict: Verdict.judge(samples, state.plan, state.percentage),
    })
    if (count === 0 && state === stored.state && !isChange(state, next)) return reader.cache(stored, samples)
    const sameStep = AutopilotRecord.isSameStep(state, next)
    const entry =
      next.status === state.status || routineStatuses.has(next.status)
        ? undefined
        : AutopilotRecord.auditEntry(
            { by: self, at: now, action: next.status, reason: next.reason },
            state,
            next,
          )
    const record = sameStep
      ? { state: next, samples: Samples.store(samples), watermark }
      : AutopilotRecord.newStep(next)
    const saved = yield* autopilots.save(stored, record, entry)
    if (saved === undefined) return
    if (sameStep) reader.cache(saved, samples)
    if (AutopilotRules.isDue(next)) yield* rolloutPercentage.apply(saved, self, etag)
  })

  const tick = Effect.gen(function* () {
    const stored = yield* autopilots.latest
    yield* Measure.autopilot(stored?.state.status)
    if (stored === undefined) return
    if (AutopilotRules.isDue(stored.state)) yield* rolloutPercentage.apply(stored, self)
    else if (AutopilotRules.isActive(stored.state)) yield* judge(stored)
  })
  return { tick }
})

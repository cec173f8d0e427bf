/**
 * One look of the autopilot: new runs, verdict, what follows from it. What it decides is kept before it is done, so that a
 * start after a crash finishes what was begun.
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

const self: Actor = { orgId: null, userId: "autopilot", requestId: null }
/** Statuses that change to and fro with every look, and are no news to the audit. */
const everyday: ReadonlySet<AutopilotState["status"]> = new Set(["running", "holding"])

const isNews = (before: AutopilotState, after: AutopilotState): boolean =>
  before.status !== after.status ||
  before.reason !== after.reason ||
  !AutopilotRecord.isSameStay(before, after)

export const make = Effect.gen(function* () {
  const autopilots = yield* Autopilots
  const monitor = yield* Monitor
  const rollout = yield* Rollout
  const reader = yield* CohortReader.make
  const share = yield* RolloutPercentage.make
  let last: { readonly at: number; readonly isBlocked: boolean } | undefined

  /** A time from which nothing can be learnt is noted before its runs are read, up to the first look after it. */
  const noteGap = (state: AutopilotState, isBlocked: boolean, now: number): AutopilotState => {
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
    const state = noteGap(stored.state, isBlocked, now)
    const { count, samples, watermark } = yield* reader.read(stored, state, now)
    const next = AutopilotRules.advance(state, {
      now,
      percentage: settings.percentage,
      conflict: yield* share.conflict,
      blocked: isBlocked ? "turns are kept from the runtime: what runs now is direct mode" : undefined,
      verdict: Verdict.judge(samples, state.plan, state.percentage),
    })
    if (count === 0 && state === stored.state && !isNews(state, next)) return reader.keep(stored, samples)
    const goesOn = AutopilotRecord.isSameStay(state, next)
    const entry =
      next.status === state.status || everyday.has(next.status)
        ? undefined
        : AutopilotRecord.entry({ by: self, at: now, action: next.status, reason: next.reason }, state, next)
    const kept = goesOn
      ? { state: next, samples: Samples.store(samples), watermark }
      : AutopilotRecord.fresh(next)
    const saved = yield* autopilots.save(stored, kept, entry)
    if (saved === undefined) return
    if (goesOn) reader.keep(saved, samples)
    if (AutopilotRules.isDue(next)) yield* share.apply(saved, self, etag)
  })

  const look = Effect.gen(function* () {
    const stored = yield* autopilots.latest
    if (stored === undefined) return
    if (AutopilotRules.isDue(stored.state)) yield* share.apply(stored, self)
    else if (AutopilotRules.isActive(stored.state)) yield* judge(stored)
  })
  return { look }
})

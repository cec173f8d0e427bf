/**
 * Sums over the runs of one step's two cohorts: the input of a verdict, at a size that does not grow with traffic.
 *
 * Runs are added in batches, ordered by their start. A run is slow if it exceeds the control's 95th percentile of the
 * batches BEFORE its own, for both cohorts: a limit taken from the runs that it judges would break the sequential
 * test. No Effect; one owner changes it in place.
 */
import * as Schema from "effect/Schema"
import type { AutopilotMargins } from "../domain/Autopilot.ts"
import * as LatencyHistogram from "../monitoring/evidence/LatencyHistogram.ts"
import { type CohortRatings, type CohortRun, noRatings } from "../store/CohortRuns.ts"
import * as SequentialTest from "./SequentialTest.ts"

/** The measures of each run. For each of them, more is worse. */
const measures = [
  "failed",
  "notFirstTry",
  "repeated",
  "stopped",
  "slowContent",
  "slowTotal",
  "tokens",
] as const
export type Measure = (typeof measures)[number]

export interface Cohort {
  sessions: number
  runs: number
  readonly moments: { readonly [measure in Measure]: SequentialTest.Moments }
  firstContent: LatencyHistogram.LatencyHistogram
  total: LatencyHistogram.LatencyHistogram
}

export interface Samples {
  readonly treatment: Cohort
  readonly control: Cohort
  /** As the last tick has read them. Not stored, because each tick reads all of them. */
  ratings: { readonly treatment: CohortRatings; readonly control: CohortRatings }
  /** Sessions that may have more runs: count and sum of each measure. */
  readonly open: Map<string, Float64Array>
}

/** Beyond this, the session without a run for the longest time is closed; if it returns, it counts as a new one. */
const mostOpenSessions = 20_000
/** Below this number of control runs the 95th percentile is too uncertain to call other runs slow. */
const leastRunsForLimit = 100
/** The histogram answers with the middle of a bin; at the lower end of the bin at least one run in twenty is above. */
const belowBin = 0.95

const emptyCohort = (): Cohort => ({
  sessions: 0,
  runs: 0,
  moments: {
    failed: SequentialTest.emptyMoments(),
    notFirstTry: SequentialTest.emptyMoments(),
    repeated: SequentialTest.emptyMoments(),
    stopped: SequentialTest.emptyMoments(),
    slowContent: SequentialTest.emptyMoments(),
    slowTotal: SequentialTest.emptyMoments(),
    tokens: SequentialTest.emptyMoments(),
  },
  firstContent: LatencyHistogram.make(),
  total: LatencyHistogram.make(),
})

const noneRated = { treatment: noRatings, control: noRatings }

export const empty = (): Samples => ({
  treatment: emptyCohort(),
  control: emptyCohort(),
  ratings: noneRated,
  open: new Map(),
})

export const p95 = (histogram: LatencyHistogram.LatencyHistogram): number =>
  LatencyHistogram.quantiles(histogram, [0.95])[0]!

export const addAll = (samples: Samples, runs: ReadonlyArray<CohortRun>, margins: AutopilotMargins): void => {
  if (runs.length === 0) return
  const content = limit(samples.control.firstContent)
  const total = limit(samples.control.total)
  for (const run of runs) {
    const isTreatment = run.cohort === "treatment"
    add(samples, run, {
      content: isTreatment ? content * margins.firstContentRatio : content,
      total: isTreatment ? total * margins.totalRatio : total,
    })
  }
}

const limit = (histogram: LatencyHistogram.LatencyHistogram): number =>
  LatencyHistogram.size(histogram) < leastRunsForLimit ? Number.NaN : belowBin * p95(histogram)

const add = (
  samples: Samples,
  run: CohortRun,
  limits: { readonly content: number; readonly total: number },
): void => {
  const cohort = samples[run.cohort]
  const known = samples.open.get(run.sessionId)
  const session = known ?? new Float64Array(2 * measures.length)
  if (known === undefined) cohort.sessions += 1
  // Keeps the map ordered by last use.
  else samples.open.delete(run.sessionId)
  samples.open.set(run.sessionId, session)
  if (samples.open.size > mostOpenSessions) samples.open.delete(samples.open.keys().next().value!)
  cohort.runs += 1
  if (run.firstContentMs !== null)
    cohort.firstContent = LatencyHistogram.add(cohort.firstContent, run.firstContentMs)
  if (run.status === "completed") cohort.total = LatencyHistogram.add(cohort.total, run.totalMs)
  const values = valuesOf(run, limits)
  measures.forEach((measure, index) => {
    const value = values[measure]
    if (value === undefined) return
    const at = 2 * index
    SequentialTest.observe(cohort.moments[measure], session[at]!, session[at + 1]!, value)
    session[at]! += 1
    session[at + 1]! += value
  })
}

const bit = (is: boolean): number => (is ? 1 : 0)

/** Undefined: the run has no value for this measure. A cancelled run counts as neither failed nor successful. */
const valuesOf = (
  run: CohortRun,
  limits: { readonly content: number; readonly total: number },
): { readonly [measure in Measure]: number | undefined } => {
  const stopped = run.status === "cancelled"
  const completed = run.status === "completed"
  return {
    failed: stopped ? undefined : bit(!completed),
    notFirstTry: stopped ? undefined : bit(!completed || run.attempts > 1),
    repeated: bit(run.repeats),
    stopped: bit(stopped),
    slowContent: slow(run.firstContentMs, run, limits.content),
    slowTotal: slow(completed ? run.totalMs : null, run, limits.total),
    tokens: run.tokens ?? undefined,
  }
}

/** A missing value is slower than any limit, unless the user cancelled before the limit. */
const slow = (millis: number | null, run: CohortRun, limit: number): number | undefined => {
  if (Number.isNaN(limit)) return undefined
  if (millis !== null) return bit(millis > limit)
  return run.status === "cancelled" && run.totalMs <= limit ? undefined : 1
}

const StoredMoments = Schema.Struct({
  n: Schema.Finite,
  y: Schema.Finite,
  nn: Schema.Finite,
  ny: Schema.Finite,
  yy: Schema.Finite,
})
const StoredCohort = Schema.Struct({
  sessions: Schema.Int,
  runs: Schema.Int,
  moments: Schema.Record(Schema.Literals(measures), StoredMoments),
  firstContent: Schema.Array(Schema.Int),
  total: Schema.Array(Schema.Int),
})
/** The stored form, without the open sessions: after a restart, a session that continues counts as a new one. */
export const StoredSamples = Schema.Struct({ treatment: StoredCohort, control: StoredCohort })
export type StoredSamples = typeof StoredSamples.Type

const storeCohort = (cohort: Cohort): StoredSamples["control"] => ({
  ...cohort,
  firstContent: LatencyHistogram.toCounts(cohort.firstContent),
  total: LatencyHistogram.toCounts(cohort.total),
})

export const store = ({ control, treatment }: Samples): StoredSamples => ({
  treatment: storeCohort(treatment),
  control: storeCohort(control),
})

const restoreCohort = (stored: StoredSamples["control"]): Cohort => {
  const cohort = emptyCohort()
  for (const measure of measures) Object.assign(cohort.moments[measure], stored.moments[measure])
  cohort.firstContent = LatencyHistogram.fromCounts(stored.firstContent)
  cohort.total = LatencyHistogram.fromCounts(stored.total)
  return Object.assign(cohort, { sessions: stored.sessions, runs: stored.runs })
}

export const restore = (stored: StoredSamples): Samples => ({
  treatment: restoreCohort(stored.treatment),
  control: restoreCohort(stored.control),
  ratings: noneRated,
  open: new Map(),
})

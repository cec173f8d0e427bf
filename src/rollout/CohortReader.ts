/**
 * Samples of the present step: the stored ones plus the runs since. Between two ticks they stay in memory, with the
 * sessions that may still have runs. After a restart or a change by another replica they are read from the store,
 * without these sessions.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AutopilotState } from "../domain/Autopilot.ts"
import type { StoredAutopilot } from "../store/Autopilots.ts"
import { CohortRuns } from "../store/CohortRuns.ts"
import { isInGap } from "./AutopilotRules.ts"
import * as Samples from "./Samples.ts"

/** Limits of one tick; a backlog takes several ticks. */
const page = 1000
const pagesPerTick = 10

const isStored = Schema.is(Samples.StoredSamples)

export const make = Effect.gen(function* () {
  const cohortRuns = yield* CohortRuns
  /** The samples of one version of one autopilot. */
  let cached: { readonly id: string; readonly version: number; readonly samples: Samples.Samples } | undefined

  const samplesOf = ({ id, samples, version }: StoredAutopilot): Samples.Samples => {
    const isCached = cached?.id === id && cached.version === version
    const found = isCached ? cached!.samples : isStored(samples) ? Samples.restore(samples) : Samples.empty()
    // The samples change from here on. Until they are cached again, this version no longer describes them.
    cached = undefined
    return found
  }

  /** Adds the runs since `stored` and reads the ratings; returns the new watermark and the number of runs read. */
  const read = Effect.fnUntraced(function* (stored: StoredAutopilot, state: AutopilotState, now: number) {
    const samples = samplesOf(stored)
    let watermark = stored.watermark
    let count = 0
    for (let pages = 0; pages < pagesPerTick; pages++) {
      const found = yield* cohortRuns.read({ since: state.since, after: watermark, now, limit: page })
      const counted = found.runs.filter(({ createdAt }) => !isInGap(state, createdAt))
      Samples.addAll(samples, counted, state.plan.margins)
      watermark = found.watermark
      count += found.runs.length
      if (found.runs.length < page) break
    }
    samples.ratings = yield* cohortRuns.ratings({ since: state.since, gaps: state.gaps })
    return { samples, watermark, count }
  })

  /** Caches these as the samples of this version. */
  const cache = ({ id, version }: StoredAutopilot, samples: Samples.Samples): void => {
    cached = { id, version, samples }
  }

  return { read, cache }
})

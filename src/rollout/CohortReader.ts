/**
 * The sums of the present stay: what the store has of them, and the runs that have come since. Between two looks they stay
 * in memory with the sessions that may go on; whoever comes to them by another way reads them from the store, without.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AutopilotState } from "../domain/Autopilot.ts"
import type { StoredAutopilot } from "../store/Autopilots.ts"
import { CohortRuns } from "../store/CohortRuns.ts"
import { isInGap } from "./AutopilotRules.ts"
import * as Samples from "./Samples.ts"

/** One look reads at most so many; a backlog is worked off over the next looks. */
const page = 1000
const pagesPerTick = 10

const isStored = Schema.is(Samples.StoredSamples)

export const make = Effect.gen(function* () {
  const cohortRuns = yield* CohortRuns
  /** Of one version of one autopilot. */
  let cached: { readonly id: string; readonly version: number; readonly samples: Samples.Samples } | undefined

  const samplesOf = ({ id, samples, version }: StoredAutopilot): Samples.Samples => {
    const isCached = cached?.id === id && cached.version === version
    const found = isCached ? cached!.samples : isStored(samples) ? Samples.restore(samples) : Samples.empty()
    // They change from here on: unless they are kept again, the version no longer describes them.
    cached = undefined
    return found
  }

  /** Adds what is new since `stored`, and says up to where it has read and how much that was. */
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
    return { samples, watermark, count }
  })

  /** These are the sums of this version from now on. */
  const cache = ({ id, version }: StoredAutopilot, samples: Samples.Samples): void => {
    cached = { id, version, samples }
  }

  return { read, cache }
})

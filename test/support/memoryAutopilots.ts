/** The autopilot's two ports in memory. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Change } from "../../src/store/Audit.ts"
import { Autopilots, type StoredAutopilot } from "../../src/store/Autopilots.ts"
import { type CohortRun, CohortRuns, noRatings } from "../../src/store/CohortRuns.ts"
import type { StoreError } from "../../src/store/StoreError.ts"

export interface MemoryAutopilots {
  stored: StoredAutopilot | undefined
  readonly audit: Array<Change>
  /** Changes by other replicas at the moment of each write. */
  meanwhile: (state: StoredAutopilot["state"]) => void
  /** If set, every read and write fails with it. */
  fail: StoreError | undefined
}

export const newAutopilots = (): MemoryAutopilots => ({
  stored: undefined,
  audit: [],
  meanwhile: () => {},
  fail: undefined,
})

/** A round trip through JSON, as the store does it. */
const asStored = (autopilot: StoredAutopilot) => JSON.parse(JSON.stringify(autopilot)) as StoredAutopilot

export const memoryAutopilots = (data: MemoryAutopilots = newAutopilots()) => {
  const use = <A>(f: () => A) =>
    Effect.suspend(() => (data.fail === undefined ? Effect.sync(f) : Effect.fail(data.fail)))
  return Layer.succeed(
    Autopilots,
    Autopilots.of({
      latest: use(() => data.stored),
      begin: (autopilot, change) =>
        use(() => {
          data.audit.push(change)
          data.stored = asStored({ id: String(data.audit.length), version: 1, ...autopilot })
          return data.stored
        }),
      save: (base, { samples, state, watermark }, change) =>
        use(() => {
          if (data.stored?.version !== base.version || data.stored.id !== base.id) return undefined
          data.meanwhile(state)
          if (change !== undefined) data.audit.push(change)
          data.stored = asStored({ id: base.id, version: base.version + 1, state, samples, watermark })
          return data.stored
        }),
    }),
  )
}

/** Runs in the order of their starts; each session began with its run. */
export const cohortRuns = (
  runs: ReadonlyArray<CohortRun>,
  ratings = () => ({ treatment: noRatings, control: noRatings }),
) =>
  Layer.succeed(
    CohortRuns,
    CohortRuns.of({
      ratings: () => Effect.sync(ratings),
      read: ({ after, limit, now, since }) =>
        Effect.sync(() => {
          const first = runs.findIndex(({ createdAt }) => createdAt >= since)
          const from = after.runId === "" ? first : Number(after.runId) + 1
          const isNew = ({ createdAt }: CohortRun) => createdAt >= since && createdAt < now
          const found = first < 0 ? [] : runs.slice(from, from + limit).filter(isNew)
          const last = found.at(-1)
          return {
            runs: found,
            watermark:
              last === undefined
                ? after
                : { createdAt: last.createdAt, runId: String(runs.indexOf(last, from)) },
          }
        }),
    }),
  )

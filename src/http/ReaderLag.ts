/** How far the readers of live runs are behind, for whoever collects metrics. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RunLog } from "../runs/RunLog.ts"
import { catalogue } from "../telemetry/Metrics.ts"

interface Reading {
  readonly log: RunLog
  /** What it has taken so far. */
  seq: number
}

export interface ReaderLag {
  /** Counts until the scope closes; the reader says how far it is. */
  readonly reading: (log: RunLog, seq: number) => Effect.Effect<Reading, never, Scope.Scope>
}

export const make: Effect.Effect<ReaderLag, never, Scope.Scope> = Effect.gen(function* () {
  const open = new Set<Reading>()
  yield* catalogue.readerLag.observe({}, () => {
    let furthest = 0
    for (const { log, seq } of open) furthest = Math.max(furthest, log.lastSeq - seq)
    return furthest
  })
  return {
    reading: (log, seq) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const one = { log, seq }
          open.add(one)
          return one
        }),
        (one) => Effect.sync(() => open.delete(one)),
      ),
  }
})

/**
 * Reads the events of a run in pages, from its log or from the store. To read a run takes the memory of one page,
 * regardless of the run's size.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import type { Runs } from "./Runs.ts"
import { StoreError } from "./StoreError.ts"

/** Returns a page of the events after a number; empty at the end. */
export type Pages = (after: number) => Effect.Effect<ReadonlyArray<LogEntry>, StoreError>

const pageBytes = 64 * 1024

/** The store may lack the newest events of another replica's run until its writer has stored them. */
const untilStored = Schedule.max([Schedule.spaced("100 millis"), Schedule.recurs(50)])

/** Reads a live log. The store has the entries that the log has dropped. */
export const ofLog =
  (runs: Runs["Service"], log: RunLog): Pages =>
  (after) => {
    if (log.holds(after)) return Effect.succeed(log.read(after, pageBytes))
    return runs.events(log.runId, after).pipe(
      Effect.repeat({ until: (page) => page.length > 0, schedule: untilStored }),
      Effect.filterOrFail(
        (page) => page.length > 0,
        () => new StoreError({ operation: "Runs.events", cause: "the events are not stored" }),
      ),
    )
  }

/**
 * Passes each event after `after`, up to `last`, to `see` until it returns false. Other turns run between two pages.
 * All runs share one generator function (decision 28).
 */
export const each = Effect.fnUntraced(function* (
  pages: Pages,
  after: number,
  last: number,
  see: (entry: LogEntry) => boolean | void,
): Effect.fn.Return<void, StoreError> {
  for (let at = after; at < last;) {
    const page = yield* pages(at)
    if (page.length === 0) return
    for (const entry of page) {
      if (entry.seq > last || see(entry) === false) return
      at = entry.seq
    }
    yield* Effect.yieldNow
  }
})

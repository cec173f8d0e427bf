/**
 * The events of a run, a page at a time, wherever they are: in its log, or in the store. Reading a run therefore takes a page
 * of memory, however large the run is.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { LogEntry } from "../runs/RunEvent.ts"
import type { RunLog } from "../runs/RunLog.ts"
import type { Runs } from "./Runs.ts"
import { StoreError } from "./StoreError.ts"

/** Gives the events after a number: a page of them, or none at the end of what there is. */
export type Pages = (after: number) => Effect.Effect<ReadonlyArray<LogEntry>, StoreError>

const pageBytes = 64 * 1024

/** The store may lack the newest events of a run that another replica executes, for as long as its writer needs. */
const untilStored = Schedule.max([Schedule.spaced("100 millis"), Schedule.recurs(50)])

/** Reads a live log. Entries that it has forgotten are in the store. */
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
 * Gives each event after `after` and up to `last` to `see`, until that gives false. Other turns go on between two pages. Has
 * one generator function for all runs (decision 28).
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

/**
 * A run's events as rows of `run_events`. A row is a page of consecutive events under the number of its last one, so
 * one write costs one row for any number of events. Pure.
 *
 * A write starts after the last event that is surely stored. A write with an unknown outcome is repeated, perhaps
 * with more events; pages may therefore overlap, with equal content. A row from before pages existed is a page of one
 * event.
 */
import type { RunId } from "../domain/Ids.ts"
import { eventJson, type LogEntry, type RunEvent } from "../runs/RunEvent.ts"

export type PageRow = {
  readonly run_id: RunId
  /** The number of the page's last event. */
  readonly seq: number
  /** JSON: an array of events. */
  readonly event: string
}

/** Characters. A reader that starts within a page reads the whole page. */
const longestPage = 256 * 1024

/** `entries` must be consecutive. */
export const rowsOf = (id: RunId, entries: ReadonlyArray<LogEntry>): ReadonlyArray<PageRow> => {
  const rows: Array<PageRow> = []
  let page: Array<string> = []
  let length = 0
  for (const [index, entry] of entries.entries()) {
    const json = eventJson(entry)
    page.push(json)
    length += json.length
    if (length < longestPage && index < entries.length - 1) continue
    rows.push({ run_id: id, seq: entry.seq, event: `[${page.join(",")}]` })
    page = []
    length = 0
  }
  return rows
}

/** Turns pages in order into the events after `after`, each once. */
export const entriesOf = (
  pages: ReadonlyArray<{ readonly seq: number; readonly event: RunEvent | ReadonlyArray<RunEvent> }>,
  after: number,
): ReadonlyArray<LogEntry> => {
  const entries: Array<LogEntry> = []
  let last = after
  for (const { event, seq } of pages) {
    const events: ReadonlyArray<RunEvent> = "event" in event ? [event] : event
    for (const [index, one] of events.entries()) {
      const at = seq - events.length + 1 + index
      if (at <= last) continue
      entries.push({ seq: at, event: one })
      last = at
    }
  }
  return entries
}

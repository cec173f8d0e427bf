/**
 * A run's events as rows of `run_events`: a row is a page of consecutive events, kept under the number of its last one, so
 * that what is written together costs one row however much it is. Pure.
 *
 * A write begins after what is known to be kept. One whose outcome was unknown is made again, perhaps with more events: pages
 * may overlap, and say the same where they do. A row of before there were pages is the page of one event.
 */
import type { RunId } from "../domain/Ids.ts"
import { eventJson, type LogEntry, type RunEvent } from "../runs/RunEvent.ts"

export type PageRow = {
  readonly run_id: RunId
  /** The number of its last event. */
  readonly seq: number
  /** JSON: an array of events. */
  readonly event: string
}

/** Characters. Whoever reads on from the middle of a page reads the whole page. */
const longestPage = 256 * 1024

/** `entries` are consecutive. */
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

/** Pages in the order of their numbers, to the events after `after`, each once. */
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

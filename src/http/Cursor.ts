/**
 * The event after which a request wants to read: `Last-Event-ID`, `?lastEventId=` or `?after=`, in one syntax, `<runId>:<seq>` or
 * `<seq>`. Pure. The header wins, because EventSource adds it to the URL of its first connection. Empty means absent.
 */
import { parseEventId } from "../domain/EventId.ts"
import type { Problem } from "../protocol/PublicError.ts"

export interface CursorRequest {
  readonly headers: { readonly "last-event-id"?: string }
  readonly query: { readonly lastEventId?: string; readonly after?: string }
}

export interface Cursor {
  readonly runId: string
  readonly seq: number
}

/** None, a cursor, or the problem with what was given. `ofRun`: the run whose events are read; undefined to take the cursor's. */
export const cursorOf = (
  { headers, query }: CursorRequest,
  ofRun?: string,
): Cursor | { readonly problem: Problem } | undefined => {
  const given = [
    { path: "headers.last-event-id", text: headers["last-event-id"] },
    { path: "query.lastEventId", text: query.lastEventId },
    { path: "query.after", text: query.after },
  ].find(({ text = "" }) => text.trim() !== "")
  if (given?.text === undefined) return undefined
  const parsed = parseEventId(given.text)
  const runId = parsed?.runId?.toLowerCase() ?? ofRun
  const isForeign = ofRun !== undefined && runId !== ofRun.toLowerCase()
  if (parsed !== undefined && runId !== undefined && !isForeign) return { runId, seq: parsed.seq }
  const message =
    ofRun === undefined
      ? "Expected <runId>:<seq>, the id of an event"
      : "Expected <runId>:<seq> of this run, or a sequence number"
  return { problem: { path: given.path, message } }
}

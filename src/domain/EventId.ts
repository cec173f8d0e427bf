/**
 * The id of an event of a run, `<runId>:<seq>`. A client sends it back to resume after that event, in every output protocol.
 * Pure.
 */
import type { RunId } from "./Ids.ts"

export const eventId = (runId: RunId, seq: number): string => `${runId}:${seq}`

/** Reads `<runId>:<seq>` or a bare `<seq>`; undefined when the text is neither. */
export const parseEventId = (
  text: string,
): { readonly runId: string | undefined; readonly seq: number } | undefined => {
  const match = /^(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):)?(\d{1,15})$/i.exec(text.trim())
  return match === null ? undefined : { runId: match[1], seq: Number(match[2]) }
}

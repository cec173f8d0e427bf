/**
 * SSE frames exactly as the contract has them: LF line ends, `id:` then `event:` then one single-line `data:`, UTF-8.
 * `JSON.stringify` escapes every line break, so nothing in an event can end a line; ids and names are ours.
 */
import type { RunId } from "../domain/Ids.ts"

export type EventName = "message" | "done" | "error" | "snapshot"

/** One frame, as text: what is written together is encoded together. `json` is one line, as `JSON.stringify` writes it. */
export const frame = (id: string, event: EventName, json: string): string =>
  `id: ${id}\nevent: ${event}\ndata: ${json}\n\n`

/** Carries no id: a reader that comes back must not be told that it has seen more than it has. */
export const heartbeat = "event: heartbeat\ndata: null\n\n"

/** A comment; it makes Node send the headers at once and every client ignores it. */
export const opening = ": open\n\n"

/** The bytes of one write. */
export const encode = (frames: ReadonlyArray<string>): Uint8Array => Buffer.from(frames.join(""))

export const eventId = (runId: RunId, seq: number): string => `${runId}:${seq}`

/** Reads `<runId>:<seq>` or a bare `<seq>`; undefined when it is neither. */
export const parseEventId = (
  text: string,
): { readonly runId: string | undefined; readonly seq: number } | undefined => {
  const match = /^(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):)?(\d{1,15})$/i.exec(text.trim())
  return match === null ? undefined : { runId: match[1], seq: Number(match[2]) }
}

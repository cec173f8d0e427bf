/**
 * SSE frames, byte by byte: LF line ends; `id:`, `event:` and one single-line `data:`, UTF-8. `JSON.stringify` escapes CR
 * and LF; `frame` escapes the three further characters at which some clients end a line.
 */
import type { RunId } from "../../domain/Ids.ts"

export type EventName = "message" | "done" | "error" | "snapshot"

/** NEL, LS and PS: Python's `splitlines` ends a line at each, and so do the SSE clients built on it. */
const lineEnds = ["\u0085", "\u2028", "\u2029"] as const

const escapeLineEnd = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`

/** JSON holds these characters only inside strings, where an escape means the same. */
const singleLine = (json: string): string => {
  // `includes` is several times faster than the regular expression, and almost always false.
  const found = json.includes(lineEnds[0]) || json.includes(lineEnds[1]) || json.includes(lineEnds[2])
  return found ? json.replace(/[\u0085\u2028\u2029]/g, escapeLineEnd) : json
}

/** One frame as text, so that one write is encoded once. `json` is what `JSON.stringify` gives. */
export const frame = (id: string, event: EventName, json: string): string =>
  `id: ${id}\nevent: ${event}\ndata: ${singleLine(json)}\n\n`

/** Has no id, so a reader resumes after the last event, not after the heartbeat. */
export const heartbeat = "event: heartbeat\ndata: null\n\n"

/**
 * First line of every stream. Node sends the headers with it, and every client ignores it. No blank line follows:
 * `@microsoft/fetch-event-source` would dispatch an empty event for that.
 */
export const comment = ": open\n"

/** With the reader's cursor: a client that is cut before its first event resumes there instead of posting again. */
export const opening = (runId: RunId, seq: number): string => `${comment}id: ${eventId(runId, seq)}\n`

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

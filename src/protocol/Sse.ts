/**
 * Server-sent events, byte by byte: LF line ends; `id:`, `event:` and one single-line `data:`, UTF-8. `JSON.stringify` escapes
 * CR and LF; `frame` escapes the three further characters at which some clients end a line.
 */
import * as Schema from "effect/Schema"

export const contentType = "text/event-stream; charset=utf-8"

/** NEL, LS and PS: Python's `splitlines` ends a line at each, and so do the SSE clients built on it. */
const lineEnds = ["\u0085", "\u2028", "\u2029"] as const

const escapeLineEnd = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`

/** JSON holds these characters only inside strings, where an escape means the same. */
const singleLine = (json: string): string => {
  // `includes` is several times faster than the regular expression, and almost always false.
  const found = json.includes(lineEnds[0]) || json.includes(lineEnds[1]) || json.includes(lineEnds[2])
  return found ? json.replace(/[\u0085\u2028\u2029]/g, escapeLineEnd) : json
}

/** One event. `json` is the output of `JSON.stringify`. */
export const frame = (id: string, event: string, json: string): string =>
  `id: ${id}\nevent: ${event}\ndata: ${singleLine(json)}\n\n`

/** One event with data only. `id` is undefined for an event that does not move the reader's cursor. */
export const dataFrame = (id: string | undefined, json: string): string =>
  id === undefined ? `data: ${singleLine(json)}\n\n` : `id: ${id}\ndata: ${singleLine(json)}\n\n`

/**
 * First line of every stream. Node sends the headers with it, and every client ignores it. No blank line follows:
 * `@microsoft/fetch-event-source` would dispatch an empty event for that.
 */
export const comment = ": open\n"

/** The schema of one kind of event, for the API description. */
export const eventSchema = <const Name extends string, Data extends Schema.ConstraintCodec<unknown, unknown>>(
  name: Name,
  data: Data,
) =>
  Schema.Struct({
    id: Schema.optional(Schema.String),
    event: Schema.Literal(name),
    data: Schema.fromJsonString(data),
  })

/**
 * A recorded answer of the runtime as its bytes, built here so that it can be read: CRLF, no `event:` line, pings as comment
 * lines and as events, text of several bytes a character, closing `[DONE]`, all as sse-starlette writes them.
 */
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"
import * as RuntimeErrorText from "../../../src/domain/RuntimeErrorText.ts"
import { RuntimeDecoder } from "../../../src/execution/runtime/RuntimeDecoder.ts"
import { runId } from "../../support/fixtures.ts"

export type Wire = readonly [event: string, data: Readonly<Record<string, unknown>>]

const at = "2026-11-22T12:00:00+00:00"
export const crlf = "\r\n"

/** The `data:` line of one event, with the blank line that ends it. */
export const frame = ([event, data]: Wire, lineEnd = crlf): string =>
  `data: ${JSON.stringify({ event, data, timestamp: at })}${lineEnd}${lineEnd}`

export const done = (lineEnd = crlf): string => `data: [DONE]${lineEnd}${lineEnd}`
const comment = (lineEnd: string): string => `: ping - 2026-11-22 12:00:15.000000+00:00${lineEnd}${lineEnd}`

/**
 * Characters that cuts break: accents, a combining accent, CJK, a flag, a ZWJ sequence, a line separator, an escaped
 * line end.
 */
export const spoken = ["Crème e\u0301 ", "日本語 ", "🇫🇷 👩‍👩‍👧‍👦 ", "\u2028 line\r\nend"]

const answer: ReadonlyArray<Wire> = [
  ["thinking", { content: "Réflexion…", stage: "analyzing" }],
  [
    "plan_created",
    {
      steps: [
        { id: "s1", title: "Search" },
        { id: "s2", title: "Write" },
      ],
    },
  ],
  ["plan_step_start", { step_id: "s1", title: "Search", tool: "search", params: { query: "météo" } }],
  ["tool_call_start", { tool_name: "search", arguments: { query: "météo" } }],
  [
    "tool_call_complete",
    { tool_name: "search", result: { hits: 3 }, success: true, error: null, duration: 12 },
  ],
  ["skill_call_start", { skill_id: "k1", skill_name: "sum", tool_name: "sum", arguments: {} }],
  ["ping", {}],
  [
    "skill_call_complete",
    { skill_id: "k1", skill_name: "sum", tool_name: "sum", result: "概要", success: true },
  ],
  ["mcp_call_start", { server_id: "m1", tool_name: "lookup", arguments: { id: 7 } }],
  [
    "mcp_call_complete",
    { server_id: "m1", tool_name: "lookup", result: null, success: false, error: "none" },
  ],
  ["plan_step_complete", { step_id: "s1", title: "Search", result: { hits: 3 }, duration_ms: 12 }],
  ["plan_step_start", { step_id: "s2", title: "Write", tool: null, params: null }],
  ...spoken.map((content): Wire => ["text_chunk", { content }]),
  ["file_created", { file_id: "f1", filename: "été.csv", mime_type: "text/csv", size: 9, url: "/files/f1" }],
  ["plan_step_failed", { step_id: "s2", title: "Write", error: "disk full" }],
]

export const ends = {
  complete: ["execution_complete", { final_response: spoken.join("") }],
  error: [
    "execution_error",
    { error: "échec", code: "EXTERNAL_TOOL_TIMEOUT", httpStatus: 504, traceId: "t1" },
  ],
} as const satisfies Record<string, Wire>

/** The whole answer, with a ping comment before every fifth event. */
export const recording = (end: keyof typeof ends, lineEnd = crlf): Buffer =>
  Buffer.from(
    [...answer, ends[end]]
      .map((event, index) => `${index % 5 === 0 ? comment(lineEnd) : ""}${frame(event, lineEnd)}`)
      .join("") + done(lineEnd),
  )

export interface Heard {
  readonly events: ReadonlyArray<ExecutionEvent>
  /** The decoder's error, and the number of events after it. */
  readonly error: { readonly tag: string; readonly detail: unknown } | undefined
  readonly afterError: number
  readonly unknown: number
}

/** Feeds the chunks to one decoder, then the end of the body. */
export const hear = (chunks: Iterable<Uint8Array>): Heard => {
  const decoder = new RuntimeDecoder(runId, RuntimeErrorText.defaults)
  const events: Array<ExecutionEvent> = []
  let error: Heard["error"]
  let afterError = 0
  const decodedInOrder = function* () {
    for (const chunk of chunks) yield decoder.feed(chunk)
    yield decoder.end()
  }
  for (const decoded of decodedInOrder()) {
    if (error !== undefined) afterError += decoded.events.length
    events.push(...decoded.events)
    if (decoded.error !== undefined)
      error ??= { tag: decoded.error._tag, detail: { ...decoded.error, message: decoded.error.message } }
  }
  return { events, error, afterError, unknown: decoder.unknown }
}

export const hearText = (...chunks: ReadonlyArray<string>): Heard =>
  hear(chunks.map((chunk) => Buffer.from(chunk)))

export const textOf = ({ events }: Heard): string =>
  events
    .flatMap((event) =>
      event._tag === "Message" && event.draft.type === "text" ? [event.draft.data.content] : [],
    )
    .join("")

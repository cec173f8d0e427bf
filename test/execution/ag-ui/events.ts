/** Events of an AG-UI server, and what the decoder makes of an answer of them. */
import { errorPolicyOf } from "../../../src/execution/ExecutionError.ts"
import { decode, type Replayed } from "./replay.ts"

/** One SSE answer of these events. */
export const sse = (...events: ReadonlyArray<unknown>): Uint8Array =>
  new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""))

export const started = { type: "RUN_STARTED", threadId: "t", runId: "r", protocolVersion: "1.0" }
export const finished = { type: "RUN_FINISHED", threadId: "t", runId: "r" }

export const text = (delta: string, fields: object = {}) => ({
  type: "TEXT_MESSAGE_CONTENT",
  messageId: "m-1",
  delta,
  ...fields,
})
export const callStart = { type: "TOOL_CALL_START", toolCallId: "c-1", toolCallName: "search" }
export const callArgs = (delta: string) => ({ type: "TOOL_CALL_ARGS", toolCallId: "c-1", delta })
export const callEnd = { type: "TOOL_CALL_END", toolCallId: "c-1" }
export const result = { type: "TOOL_CALL_RESULT", toolCallId: "c-1", messageId: "t-1", content: "found" }
export const custom = (value: unknown) => ({ type: "CUSTOM", name: "agent2ui", value })
export const mebi = 1024 * 1024

/** A run of these events. */
export const played = (...events: ReadonlyArray<unknown>): Replayed => decode([sse(started, ...events)])

export const codeOf = ({ error }: Replayed): string | undefined =>
  error === undefined ? undefined : errorPolicyOf(error).code
export const typesOf = ({ drafts }: Replayed): ReadonlyArray<string> => drafts.map(({ type }) => type)

/** The bytes that both versions of Agent2UI share: the SSE frames of a stream, and the body of an error response. */
import { eventId } from "../../domain/EventId.ts"
import type { RunId } from "../../domain/Ids.ts"
import { dataJson, type LogEntry } from "../../runs/RunEvent.ts"
import type { ErrorBody } from "../Encoder.ts"
import type { PublicError } from "../PublicError.ts"
import { comment, frame } from "../Sse.ts"

/** With the reader's cursor: a client that is cut before its first event resumes there instead of posting again. */
export const opening = (runId: RunId, seq: number): string => `${comment}id: ${eventId(runId, seq)}\n`

export const frameOf = (runId: RunId, entry: LogEntry): string =>
  frame(eventId(runId, entry.seq), entry.event.event, dataJson(entry))

/** Has no id, so a reader resumes after the last event, not after the heartbeat. */
export const heartbeat = "event: heartbeat\ndata: null\n\n"

/** An `error` event that ends the connection, not the run. It repeats the id of the last event, so the client resumes there. */
export const lastFrame = (
  runId: RunId,
  seq: number,
  { code, message }: { readonly code: string; readonly message: string },
): string => frame(eventId(runId, seq), "error", JSON.stringify({ code, message, runId, recoverable: true }))

/** The error envelope of the whole API. */
export const errorBody = (error: PublicError): ErrorBody => ({
  contentType: "application/json",
  body: JSON.stringify({ success: false, error }),
})

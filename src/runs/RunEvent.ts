/**
 * The events of a run's log: messages, then exactly one terminal event (`done` or `error`). Heartbeats are not run events:
 * they belong to a reader's connection, have no id and are never replayed.
 */
import * as Schema from "effect/Schema"
import { eventId, frame } from "../protocol/agent2ui/Frame.ts"
import { Message } from "../protocol/agent2ui/Message.ts"
import type { RunId } from "../domain/Ids.ts"
import { RunDone, RunError } from "../domain/Run.ts"

export const RunEvent = Schema.Union([
  Schema.Struct({ event: Schema.Literal("message"), data: Message }),
  Schema.Struct({ event: Schema.Literal("done"), data: RunDone }),
  Schema.Struct({ event: Schema.Literal("error"), data: RunError }),
])
export type RunEvent = typeof RunEvent.Type

/** `seq` starts at 1 and rises by 1 within a run. */
export interface LogEntry {
  readonly seq: number
  readonly event: RunEvent
  /** `event.data` as JSON, if it is already serialized. */
  readonly json?: string
}

const dataJson = ({ event, json }: LogEntry): string => json ?? JSON.stringify(event.data)

/** The SSE frame of the current protocol. */
export const frameOf = (runId: RunId, entry: LogEntry): string =>
  frame(eventId(runId, entry.seq), entry.event.event, dataJson(entry))

/** The whole event as JSON. Reuses the data's JSON if there is one. */
export const eventJson = (entry: LogEntry): string =>
  `{"event":"${entry.event.event}","data":${dataJson(entry)}}`

export const isTerminal = (event: RunEvent): boolean => event.event !== "message"

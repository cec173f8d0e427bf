/**
 * The events of a run's log: messages, then exactly one terminal event (`done` or `error`). Heartbeats are not run events:
 * they belong to a reader's connection, have no id and are never replayed.
 */
import * as Schema from "effect/Schema"
import { Message } from "../protocol/agent2ui/Message.ts"
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

export const dataJson = ({ event, json }: LogEntry): string => json ?? JSON.stringify(event.data)

/** The whole event as JSON. Reuses the data's JSON if there is one. */
export const eventJson = (entry: LogEntry): string =>
  `{"event":"${entry.event.event}","data":${dataJson(entry)}}`

export const isTerminal = (event: RunEvent): boolean => event.event !== "message"

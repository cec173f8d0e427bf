/** An event that the people on call must know: in the log, in the live view and in each webhook. */
import * as Schema from "effect/Schema"

export const NotificationKind = Schema.Literals([
  "autopilot.started",
  "autopilot.step",
  "autopilot.promoted",
  "autopilot.paused",
  "autopilot.resumed",
  "autopilot.aborted",
  "autopilot.rolled_back",
  "autopilot.awaiting_approval",
  "autopilot.completed",
  "override.set",
  "override.ended",
  "override.expired",
  "breaker.opened",
  "breaker.closed",
])
export type NotificationKind = typeof NotificationKind.Type

export const Notification = Schema.Struct({
  /** The same in each webhook and in each retry. */
  id: Schema.String,
  /** Epoch milliseconds. */
  at: Schema.Int,
  /** `test`: an operator tries the webhooks. */
  kind: Schema.Literals([...NotificationKind.literals, "test"]),
  /** `action`: a person must act. */
  severity: Schema.Literals(["info", "warning", "action"]),
  /** Null: the event concerns all organisations. */
  orgId: Schema.NullOr(Schema.String),
  /** The replica that announced it. */
  replica: Schema.String,
  /** The operator who caused it. Null: the service itself. */
  by: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  /** The event in one sentence. */
  text: Schema.String,
  data: Schema.Record(Schema.String, Schema.Json),
})
export type Notification = typeof Notification.Type

/** An event before it is announced. */
export interface News extends Omit<Notification, "id" | "at" | "replica" | "kind"> {
  readonly kind: NotificationKind
}

/** `main`, then the reason if there is one, with one full stop. */
export const sentence = (main: string, reason?: string | null): string => {
  const stated = reason?.trim().replace(/\.+$/, "") ?? ""
  return stated === "" ? `${main}.` : `${main}: ${stated}.`
}

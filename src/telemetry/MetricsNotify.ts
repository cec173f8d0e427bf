/** Metrics of the events that the people on call must know: part of the catalogue in `Metrics`. */
import { AutopilotStatus } from "../domain/Autopilot.ts"
import { NotificationKind } from "../domain/Notification.ts"
import { counter, gauge } from "./Instrument.ts"

export const notify = {
  notifications: counter("crossfade_notifications_total", {
    unit: "1",
    labels: { kind: NotificationKind.literals },
    meaning: "Events that this process announced, by kind; in a fleet, one replica announces each",
  }),
  notificationDeliveries: counter("crossfade_notification_deliveries_total", {
    unit: "1",
    labels: {
      target: { boundedBy: "NOTIFY_WEBHOOKS" },
      result: ["delivered", "retried", "failed", "dropped"],
    },
    meaning:
      "Deliveries to webhooks; `retried`: a try that failed and is repeated, `dropped`: the queue was full, or the service stopped",
  }),
  autopilotState: gauge("crossfade_autopilot_state", {
    unit: "1",
    labels: { status: AutopilotStatus.literals },
    meaning: "1 for the status of the last guarded rollout, 0 for the others; all 0 before the first",
  }),
}

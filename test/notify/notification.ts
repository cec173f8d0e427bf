/** One notification for tests. */
import type { Notification } from "../../src/domain/Notification.ts"

export const notification = (fields: Partial<Notification> = {}): Notification => ({
  id: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  at: 1_764_489_621_000,
  kind: "breaker.opened",
  severity: "info",
  orgId: null,
  replica: "replica-1",
  by: null,
  reason: "12 faults",
  text: "The breaker of all organisations opened: 12 faults.",
  data: {},
  ...fields,
})

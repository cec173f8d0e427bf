/**
 * The variables of the Monitor: the contract for leaving the runtime (`monitoring/breaker/Triggers`), and its probes. Part of
 * the table in `Config`. The other numbers of the breaker are in `monitoring/Policy`.
 */
import { choice, millis, number, share } from "./ConfigVariable.ts"

export const monitorVariables = {
  CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: millis("Limit for a whole attempt.", 300_000),
  CHAT_RUNTIME_ERROR_RATE_THRESHOLD: share("Leave the runtime above this share of errors.", 0.5),
  CHAT_RUNTIME_TIMEOUT_RATE_THRESHOLD: share("Leave the runtime above this share of timeouts.", 0.3),
  CHAT_RUNTIME_LATENCY_RATIO_THRESHOLD: share(
    "Leave the runtime when its mean latency is above this share of CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS.",
    0.8,
  ),
  CHAT_RUNTIME_MONITOR_WINDOW_MS: millis("Window of the three shares above.", 300_000, 1000),
  CHAT_RUNTIME_MONITOR_MIN_SAMPLES: number({
    default: 10,
    min: 1,
    max: 1_000_000,
    unit: "attempts",
    about: "Minimum of attempts in the window for a decision.",
  }),
  CHAT_RUNTIME_PROBES: choice(
    "Probes the runtime with small executions of the gateway's own (`metadata.probe: true`) while users' turns are kept from it.",
    ["true", "false"],
  ),
}

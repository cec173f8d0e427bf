/** The names of the background loops, and their metric: part of the catalogue in `Metrics`. */
import { counter } from "./Instrument.ts"

const loopNames = [
  "agent_cache",
  "autopilot",
  "baseline",
  "checkpoint",
  "deleted_runs",
  "erasures",
  "event_loop_delay",
  "event_writer",
  "files",
  "fleet_health",
  "health_series",
  "jwks",
  "key_cache",
  "key_lookups",
  "key_uses",
  "membership",
  "open_streams",
  "org_usage",
  "probes",
  "purge",
  "reader_expiry",
  "redis_check",
  "remote_run_ends",
  "remote_run_logs",
  "retention",
  "rollout",
  "run_channel",
  "search_index",
  "shadow_ledger",
  "shadow_load",
  "shadow_trim",
  "stalled_readers",
  "store_check",
  "token_budgets",
] as const

export type LoopName = (typeof loopNames)[number]

export const loops = {
  loopFailures: counter("crossfade_background_loop_failures_total", {
    unit: "1",
    labels: { loop: loopNames },
    meaning: "Runs of background loops that failed; the loop continues",
  }),
}

/** Panels that both dashboards have. */
import { type Panel, quantiles, query } from "./Panel.ts"

export const success: Panel = {
  title: "Success rate of turns",
  meaning:
    "Turns of the last hour that ended with an answer; those that users cancelled are neither good nor bad. The objective is 99.5 %.",
  kind: "stat",
  unit: "percentunit",
  queries: [query("1 - crossfade:turns_bad:ratio_rate1h", "success")],
}

export const fallbackState: Panel = {
  title: "State of the fallback",
  meaning:
    "The breaker of all organisations. `closed`: the runtime is used as decided. `open`: direct mode only. `half_open`, `ramp`: on the way back. `forced_…`: an order.",
  kind: "state-timeline",
  unit: "bool",
  queries: [query('max by (state) (crossfade_breaker_state{scope="all"})', "{{state}}")],
}

export const fallbacks: Panel = {
  title: "Fallbacks by cause",
  meaning:
    "Turns that went on in the other mode, each second. `after_text`: shown text was taken back. A level that stays is a runtime that fails for some; a step is an outage.",
  kind: "timeseries",
  unit: "reqps",
  queries: [
    query(
      "sum by (from, cause, stage) (rate(crossfade_fallbacks_total[5m])) > 0",
      "{{from}} {{cause}} {{stage}}",
    ),
  ],
}

export const latency: Panel = {
  title: "Latency of attempts",
  meaning:
    "From an attempt's start to its end, per mode. Long answers are long: compare with last week, and the modes with each other.",
  kind: "timeseries",
  unit: "ms",
  queries: quantiles("chat_execution_latency_ms", "mode", [0.5, 0.95, 0.99]),
}

export const stalls: Panel = {
  title: "Stalls",
  meaning:
    "Attempts each second that had begun and then showed nothing for longer than the stall clock allows.",
  kind: "timeseries",
  unit: "reqps",
  queries: [query("sum by (mode) (rate(crossfade_stalls_total[5m]))", "{{mode}}")],
}

export const runs: Panel = {
  title: "Runs under way",
  meaning: "All replicas together. Growing with the same number of turns means that answers take longer.",
  kind: "timeseries",
  unit: "short",
  queries: [
    query("sum(crossfade_runs_in_flight)", "runs"),
    query("sum(crossfade_streams_open)", "streams to users"),
  ],
}

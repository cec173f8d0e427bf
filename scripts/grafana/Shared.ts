/** Panels that both dashboards have. */
import { type Panel, quantiles, query } from "./Panel.ts"

export const success: Panel = {
  title: "Success rate of turns",
  meaning:
    "The share of turns with an answer in the last hour, without turns that users cancelled. The objective is 99.5 %.",
  kind: "stat",
  unit: "percentunit",
  queries: [query("1 - crossfade:turns_bad:ratio_rate1h", "success")],
}

export const fallbackState: Panel = {
  title: "State of the fallback",
  meaning:
    "The global breaker. `closed`: turns use the runtime as decided. `open`: direct mode only. `half_open`, `ramp`: recovery. `forced_…`: an operator override.",
  kind: "state-timeline",
  unit: "bool",
  queries: [query('max by (state) (crossfade_breaker_state{scope="all"})', "{{state}}")],
}

export const fallbacks: Panel = {
  title: "Fallbacks by cause",
  meaning:
    "Turns that fell back, each second. `after_text`: after a retract. A constant level means that the runtime fails for some users; a step is an outage.",
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
    "From an attempt's start to its end, per mode. Long answers take long, so compare with last week, and the modes with each other.",
  kind: "timeseries",
  unit: "ms",
  queries: quantiles("chat_execution_latency_ms", "mode", [0.5, 0.95, 0.99]),
}

export const stalls: Panel = {
  title: "Stalls",
  meaning: "Attempts each second that started to answer and then exceeded the stall limit.",
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

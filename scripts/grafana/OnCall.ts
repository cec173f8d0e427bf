/** The dashboard for the person on call: effect on users, affected organisations, full queues. */
import { type Dashboard, type Panel, quantiles, query } from "./Panel.ts"
import { fallbacks, fallbackState, latency, runs, stalls, success } from "./Shared.ts"

const failing = (mode: string): Panel => ({
  title: `Failing: ${mode}`,
  meaning: `Attempts of the last five minutes that failed in ${mode}.`,
  kind: "stat",
  unit: "percentunit",
  queries: [query(`max(crossfade:attempts_failed:ratio_rate5m{mode="${mode}"})`, mode)],
})

export const onCall: Dashboard = {
  uid: "crossfade-on-call",
  title: "Crossfade: on call",
  refresh: "10s",
  from: "now-1h",
  rows: [
    {
      title: "Do users notice?",
      panels: [
        success,
        {
          title: "Budget burn",
          meaning:
            "The burn rate of the objective's budget; 1 is the allowed rate. Above 14.4 over 1 h and 5 min, or 6 over 6 h and 30 min, an alert pages the people on call.",
          kind: "timeseries",
          unit: "short",
          queries: ["5m", "1h", "6h"].map((window) =>
            query(`crossfade:turns_bad:ratio_rate${window} / 0.005`, `over ${window}`),
          ),
        },
        runs,
        {
          title: "Oldest run",
          meaning:
            "Longer than `CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS` plus a fallback means that a run does not end.",
          kind: "timeseries",
          unit: "ms",
          queries: [query("max by (instance) (crossfade_oldest_run_age_ms)", "{{instance}}")],
        },
      ],
    },
    {
      title: "Runtime, provider or gateway?",
      panels: [
        failing("runtime_orchestrator"),
        failing("direct_llm"),
        fallbackState,
        fallbacks,
        {
          title: "Breakers of organisations",
          meaning:
            "Organisations that only their own breaker keeps from the runtime. Likely causes: their agents, prompts or MCP servers.",
          kind: "timeseries",
          unit: "short",
          queries: [query("max(crossfade_breaker_orgs_away)", "away")],
        },
        {
          title: "Providers that are skipped",
          meaning: "Direct providers whose breaker is not closed: the next provider answers for them.",
          kind: "timeseries",
          unit: "short",
          queries: [
            query('max by (provider) (crossfade_provider_state{state=~"open|half_open"})', "{{provider}}"),
          ],
        },
        {
          title: "Transitions",
          meaning:
            "Breaker transitions of the last hour. Many openings mean that the runtime fails only under load.",
          kind: "timeseries",
          unit: "short",
          queries: [
            query(
              "sum by (scope, to) (increase(crossfade_breaker_transitions_total[1h])) > 0",
              "{{scope}} {{to}}",
            ),
          ],
        },
        stalls,
        latency,
      ],
    },
    {
      title: "Notifications",
      panels: [
        {
          title: "Events of the last hour",
          meaning: "Events that the people on call must know, by kind. The log has one line for each.",
          kind: "timeseries",
          unit: "short",
          queries: [query("sum by (kind) (increase(crossfade_notifications_total[1h])) > 0", "{{kind}}")],
        },
        {
          title: "Deliveries to webhooks",
          meaning:
            "Of the last hour, by webhook. `failed` and `dropped` did not arrive; `retried` was repeated. Empty without NOTIFY_WEBHOOKS.",
          kind: "timeseries",
          unit: "short",
          queries: [
            query(
              "sum by (target, result) (increase(crossfade_notification_deliveries_total[1h]))",
              "{{target}} {{result}}",
            ),
          ],
        },
      ],
    },
    {
      title: "Who is refused",
      panels: [
        {
          title: "Refused at the door",
          meaning:
            "Requests each second. `process`: this replica is full; the others are limits of a user or an organisation.",
          kind: "timeseries",
          unit: "reqps",
          queries: [query("sum by (reason) (rate(crossfade_admission_refused_total[5m])) > 0", "{{reason}}")],
        },
        {
          title: "Readers behind",
          meaning:
            "The lag of the slowest reader of a live run, in events. The cause is a slow network, not a slow gateway.",
          kind: "timeseries",
          unit: "short",
          queries: [query("max by (instance) (crossfade_reader_lag_events)", "{{instance}}")],
        },
      ],
    },
    {
      title: "Stores",
      panels: [
        {
          title: "Stores answer",
          meaning: "0: no turn is begun (database), or each replica decides alone (Redis).",
          kind: "timeseries",
          unit: "bool",
          queries: [query("min(crossfade_store_up)", "database"), query("min(crossfade_redis_up)", "Redis")],
        },
        {
          title: "Errors of the database",
          meaning: "Operations each second that failed.",
          kind: "timeseries",
          unit: "reqps",
          queries: [query("sum(rate(crossfade_store_errors_total[5m]))", "errors")],
        },
        {
          title: "Time of statements",
          meaning: "The time in the database, without the wait for a connection.",
          kind: "timeseries",
          unit: "ms",
          queries: [
            ...quantiles("crossfade_db_statement_ms", undefined, [0.5, 0.99]),
            query(
              "histogram_quantile(0.99, sum by (le) (rate(crossfade_event_write_ms_bucket[5m])))",
              "event batches P99",
            ),
          ],
        },
        {
          title: "Events not stored yet",
          meaning:
            "Events sent to readers and not stored yet. Dozens are one batch; thousands mean that the database is away.",
          kind: "timeseries",
          unit: "short",
          queries: [query("sum by (instance) (crossfade_event_queue_events)", "{{instance}}")],
        },
      ],
    },
    {
      title: "The processes",
      panels: [
        {
          title: "Delay of the event loop",
          meaning: "99th percentile of the last minute. Above 200 ms everything is late: add replicas.",
          kind: "timeseries",
          unit: "ms",
          queries: [
            query('max by (instance) (crossfade_event_loop_delay_ms{quantile="0.99"})', "{{instance}}"),
          ],
        },
        {
          title: "Processor",
          meaning: "Processors in use. A process can use one.",
          kind: "timeseries",
          unit: "percentunit",
          queries: [query("sum by (instance) (rate(crossfade_cpu_ms_total[5m])) / 1000", "{{instance}}")],
        },
        {
          title: "Memory",
          meaning: "The memory of the process, its heap, and the heap limit at which it ends.",
          kind: "timeseries",
          unit: "bytes",
          queries: [
            query("max by (instance) (crossfade_resident_memory_bytes)", "{{instance}} process"),
            query("max by (instance) (crossfade_heap_used_bytes)", "{{instance}} heap"),
            query("max(crossfade_heap_limit_bytes)", "limit of the heap"),
          ],
        },
        {
          title: "Versions",
          meaning: "Processes by version: two during a rolling restart, one otherwise.",
          kind: "timeseries",
          unit: "short",
          queries: [query("count by (version) (crossfade_build_info)", "{{version}}")],
        },
      ],
    },
  ],
}

/** The dashboard of every day: how the modes do, how far the move is, what the gateway itself takes. */
import { type Dashboard, quantiles, query } from "./Panel.ts"
import { fallbacks, fallbackState, latency, runs, stalls, success } from "./Shared.ts"

/** Given ratings without the changed and withdrawn ones, of the last day. */
const standing = (ratings: string): string =>
  `sum by (mode) (increase(crossfade_feedback_total{${ratings}}[1d]) - increase(crossfade_feedback_replaced_total{${ratings}}[1d]))`

export const overview: Dashboard = {
  uid: "crossfade-overview",
  title: "Crossfade: overview",
  refresh: "30s",
  from: "now-6h",
  rows: [
    {
      title: "Turns",
      panels: [
        success,
        {
          title: "Turns a second",
          meaning: "Ended turns by outcome. `failed` and `interrupted` use up the objective's budget.",
          kind: "timeseries",
          unit: "reqps",
          queries: [query("sum by (outcome) (rate(crossfade_turns_total[5m]))", "{{outcome}}")],
        },
        runs,
      ],
    },
    {
      title: "Both modes",
      panels: [
        {
          title: "Success rate of attempts",
          meaning:
            "The share of successful attempts per mode. A turn may fall back; the panel above shows the success of turns.",
          kind: "timeseries",
          unit: "percentunit",
          queries: [
            query(
              "sum by (mode) (rate(chat_execution_success_total[5m])) / sum by (mode) (rate(chat_execution_total[5m]))",
              "{{mode}}",
            ),
          ],
        },
        latency,
        {
          title: "Time to first content",
          meaning: "From an attempt's start to the first part of its answer: the user's wait.",
          kind: "timeseries",
          unit: "ms",
          queries: quantiles("crossfade_first_content_ms", "mode", [0.5, 0.95]),
        },
        {
          title: "Errors by code",
          meaning:
            "Failed attempts each second. `TIMEOUT_…` are limits of the gateway; the others are errors of the upstream.",
          kind: "timeseries",
          unit: "reqps",
          queries: [
            query("sum by (mode, code) (rate(chat_execution_error_total[5m])) > 0", "{{mode}} {{code}}"),
          ],
        },
        stalls,
        {
          title: "Tokens a second",
          meaning: "Tokens of answers, reported by upstreams or estimated.",
          kind: "timeseries",
          unit: "short",
          queries: [
            query("sum by (mode, counted) (rate(crossfade_tokens_total[5m]))", "{{mode}} {{counted}}"),
          ],
        },
        {
          title: "Thumbs down",
          meaning:
            "The share of thumbs down in the ratings of the last day that stand. A few ratings make it jump; compare the modes over a week.",
          kind: "timeseries",
          unit: "percentunit",
          queries: [query(`${standing('rating="down"')} / ${standing('rating!="none"')}`, "{{mode}}")],
        },
        {
          title: "Ratings an hour",
          meaning: "Ratings that users gave or changed to, by mode. `none`: a score or a comment alone.",
          kind: "timeseries",
          unit: "short",
          queries: [
            query("sum by (mode, rating) (increase(crossfade_feedback_total[1h]))", "{{mode}} {{rating}}"),
          ],
        },
      ],
    },
    {
      title: "The move",
      panels: [
        {
          title: "Percentage of the rollout",
          meaning: "The share of sessions on the runtime; lists and rules take precedence.",
          kind: "stat",
          unit: "percent",
          queries: [query("max(crossfade_rollout_percentage)", "runtime")],
        },
        fallbackState,
        {
          title: "Autopilot",
          meaning:
            "The status of the last guarded rollout. `awaiting_approval` and `paused` wait for an operator.",
          kind: "state-timeline",
          unit: "bool",
          queries: [query("max by (status) (crossfade_autopilot_state)", "{{status}}")],
        },
        {
          title: "Fallback on",
          meaning: "1 while turns are kept from the runtime in general. Replicas agree within a second.",
          kind: "timeseries",
          unit: "bool",
          queries: [query("max(chat_runtime_fallback_enabled)", "fallback")],
        },
        {
          title: "Decisions by reason",
          meaning: "The first mode of turns, by rule.",
          kind: "timeseries",
          unit: "reqps",
          queries: [
            query("sum by (mode, reason) (rate(crossfade_decisions_total[5m])) > 0", "{{mode}} {{reason}}"),
          ],
        },
        fallbacks,
        {
          title: "Attempts of listed organisations",
          meaning: "Success of each organisation in `METRICS_ORG_LABELS`. Empty if none is listed.",
          kind: "timeseries",
          unit: "percentunit",
          queries: [
            query(
              'sum by (org, mode) (rate(crossfade_org_attempts_total{outcome="success"}[5m])) / sum by (org, mode) (rate(crossfade_org_attempts_total[5m]))',
              "{{org}} {{mode}}",
            ),
          ],
        },
      ],
    },
    {
      title: "Shadow",
      panels: [
        {
          title: "Shadow agreement",
          meaning:
            "Compared pairs of the last hour that agree in all dimensions. The report shows the differences.",
          kind: "timeseries",
          unit: "percentunit",
          queries: [
            query(
              'sum(increase(crossfade_shadow_pairs_total{verdict="agrees"}[1h])) / sum(increase(crossfade_shadow_pairs_total[1h]))',
              "agree",
            ),
          ],
        },
        {
          title: "Shadow runs",
          meaning: "Endings of shadows, with those skipped because of their number or a busy gateway.",
          kind: "timeseries",
          unit: "reqps",
          queries: [query("sum by (mode, ending) (rate(chat_shadow_total[5m])) > 0", "{{mode}} {{ending}}")],
        },
        {
          title: "What the judge preferred",
          meaning: "Of pairs whose texts differ, over a day. Empty without `SHADOW_JUDGE_PROVIDER`.",
          kind: "timeseries",
          unit: "short",
          queries: [query("sum by (verdict) (increase(crossfade_shadow_judged_total[1d]))", "{{verdict}}")],
        },
      ],
    },
    {
      title: "The gateway's own part",
      panels: [
        {
          title: "Overhead of a turn",
          meaning: "A turn's time without the work of upstreams: decision, store, pauses before retries.",
          kind: "timeseries",
          unit: "ms",
          queries: quantiles("crossfade_gateway_overhead_ms", undefined, [0.5, 0.95, 0.99]),
        },
        {
          title: "Statements of the database",
          meaning: "A turn sends a small fixed number. More than the turns explain needs an investigation.",
          kind: "timeseries",
          unit: "reqps",
          queries: [query("sum by (kind) (rate(crossfade_db_statements_total[5m]))", "{{kind}}")],
        },
        {
          title: "Answers from the cache",
          meaning: "Cache hits. Empty without `DIRECT_CACHE_ORGS`.",
          kind: "timeseries",
          unit: "reqps",
          queries: [query("sum by (result) (rate(crossfade_direct_cache_lookups_total[5m]))", "{{result}}")],
        },
      ],
    },
  ],
}

/**
 * All metrics of the service. Dashboards, alerts and `docs/reference/metrics.md` use no others. Times are in
 * milliseconds, because the first five names belong to existing dashboards; the others follow them.
 *
 * A metric has the same name over OTLP and in `/metrics`. Values are of this process; readers sum over replicas.
 */
import * as Effect from "effect/Effect"
import { BreakerState } from "../domain/BreakerState.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { JudgeVerdict, ShadowEnding } from "../domain/ShadowPair.ts"
import { causeCodes, failureCodes } from "./FailureCodes.ts"
import { counter, gauge, histogram, type Instrument, type Labels } from "./Instrument.ts"
import { feedback } from "./MetricsFeedback.ts"
import { loops } from "./MetricsLoops.ts"
import { notify } from "./MetricsNotify.ts"
import { readers } from "./MetricsReaders.ts"
import { reads } from "./MetricsReads.ts"
import { sqlite } from "./MetricsSqlite.ts"

const mode = ExecutionMode.literals
const none = {}
const listedOrgs = { boundedBy: "METRICS_ORG_LABELS" }

/** The reasons for a turn's first mode; `rule` stands for all rules of the rollout. */
export const decisionReasons = [
  "forced",
  "denied_orgs",
  "requested",
  "enabled_orgs",
  "rule",
  "percentage",
  "default_mode",
  "configured",
  "breaker",
  "breaker_probe",
] as const

const breakerStates = BreakerState.literals
const upToTotal = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000]
const upToFirst = [10, 25, 50, 100, 250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000, 60_000]
const ownWork = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 5000]

/** Attempts of users' turns. Shadow attempts, probes and cached answers are excluded. */
const attempts = {
  attempts: counter("chat_execution_total", {
    unit: "1",
    labels: { mode },
    meaning: "Attempts, at their end",
  }),
  successes: counter("chat_execution_success_total", {
    unit: "1",
    labels: { mode },
    meaning: "Attempts that succeeded",
  }),
  failures: counter("chat_execution_error_total", {
    unit: "1",
    labels: { mode, code: failureCodes },
    meaning:
      "Attempts that failed or timed out; cancels, rate limits and content filters count in the total only",
  }),
  latency: histogram("chat_execution_latency_ms", {
    unit: "ms",
    labels: { mode },
    meaning: "Time from an attempt's start to its end",
    boundaries: upToTotal,
  }),
  firstContent: histogram("crossfade_first_content_ms", {
    unit: "ms",
    labels: { mode },
    meaning: "Time from an attempt's start to the first part of its answer; attempts without one are absent",
    boundaries: upToFirst,
  }),
  stalls: counter("crossfade_stalls_total", {
    unit: "1",
    labels: { mode },
    meaning: "Attempts that started to answer and then exceeded the stall or call limit",
  }),
}

/** Turns, and their ends as the user sees them. */
const turns = {
  turns: counter("crossfade_turns_total", {
    unit: "1",
    labels: {
      mode: [...mode, "none"],
      outcome: ["completed", "failed", "cancelled", "interrupted"],
    },
    meaning: "Turns, at their end, by the mode of the answer; users cancelled the cancelled ones",
  }),
  turnDuration: histogram("crossfade_turn_duration_ms", {
    unit: "ms",
    labels: { outcome: ["completed", "failed", "cancelled", "interrupted"] },
    meaning: "Time from a turn's acceptance to its end",
    boundaries: upToTotal,
  }),
  tokens: counter("crossfade_tokens_total", {
    unit: "1",
    labels: { mode, counted: ["reported", "estimated"] },
    meaning: "Tokens of answers, reported by the upstream or estimated; cached answers have none",
  }),
  overhead: histogram("crossfade_gateway_overhead_ms", {
    unit: "ms",
    labels: none,
    meaning: "A turn's time minus the time in which an upstream worked for it",
    boundaries: ownWork,
  }),
  inFlight: gauge("crossfade_runs_in_flight", { unit: "1", labels: none, meaning: "Running runs" }),
  oldestRun: gauge("crossfade_oldest_run_age_ms", {
    unit: "ms",
    labels: none,
    meaning: "Age of the oldest running run; 0 without one",
  }),
  decisions: counter("crossfade_decisions_total", {
    unit: "1",
    labels: { mode, reason: decisionReasons },
    meaning: "Decisions about a turn's first mode, by reason",
  }),
  fallbacks: counter("crossfade_fallbacks_total", {
    unit: "1",
    labels: { from: mode, cause: causeCodes, stage: ["before_content", "after_text"] },
    meaning: "Turns that fell back to the other mode, before any content or after a retract",
  }),
}

const mover = {
  fallbackEnabled: gauge("chat_runtime_fallback_enabled", {
    unit: "1",
    labels: none,
    meaning: "1 while the global breaker keeps turns from the runtime, else 0",
  }),
  breakerState: gauge("crossfade_breaker_state", {
    unit: "1",
    labels: { scope: { boundedBy: "`all` and METRICS_ORG_LABELS" }, state: breakerStates },
    meaning: "1 for the state of a breaker, 0 for the others",
  }),
  orgsAway: gauge("crossfade_breaker_orgs_away", {
    unit: "1",
    labels: none,
    meaning: "Organisations that their own breaker keeps from the runtime",
  }),
  transitions: counter("crossfade_breaker_transitions_total", {
    unit: "1",
    labels: { scope: ["all", "org"], to: breakerStates },
    meaning: "Breaker transitions that this process made; in a fleet, one replica makes each",
  }),
  providerState: gauge("crossfade_provider_state", {
    unit: "1",
    labels: {
      provider: { boundedBy: "DIRECT_LLM_PROVIDERS" },
      state: ["closed", "open", "half_open"],
    },
    meaning: "1 for the state of a direct provider's breaker, 0 for the others",
  }),
  rolloutPercentage: gauge("crossfade_rollout_percentage", {
    unit: "percent",
    labels: none,
    meaning: "Share of sessions that the rollout puts on the runtime",
  }),
  shadowRuns: counter("chat_shadow_total", {
    unit: "1",
    labels: { mode, ending: ShadowEnding.literals },
    meaning: "Shadow runs, skipped ones included",
  }),
  shadowPairs: counter("crossfade_shadow_pairs_total", {
    unit: "1",
    labels: { verdict: ["agrees", "differs"] },
    meaning: "Compared pairs of a turn and its shadow, by agreement in all dimensions",
  }),
  shadowJudged: counter("crossfade_shadow_judged_total", {
    unit: "1",
    labels: { verdict: JudgeVerdict.literals },
    meaning: "Pairs that the judge evaluated, by verdict",
  }),
  orgAttempts: counter("crossfade_org_attempts_total", {
    unit: "1",
    labels: { org: listedOrgs, mode, outcome: ["success", "error", "timeout", "neutral"] },
    meaning: "Attempts of the listed organisations",
  }),
}

const stores = {
  statements: counter("crossfade_db_statements_total", {
    unit: "1",
    labels: { kind: ["statement", "transaction"] },
    meaning: "Statements sent to the database; `transaction` for those that begin or end one",
  }),
  statementTime: histogram("crossfade_db_statement_ms", {
    unit: "ms",
    labels: none,
    meaning: "Time of a statement, without its wait for a connection",
    boundaries: ownWork,
  }),
  commits: counter("crossfade_db_commits_total", {
    unit: "1",
    labels: none,
    meaning: "Waits of turns' transactions for the disk; several transactions may share one",
  }),
  batchesPerCommit: histogram("crossfade_db_batches_per_commit", {
    unit: "1",
    labels: none,
    meaning: "Transactions that shared one wait for the disk",
    boundaries: [1, 2, 4, 8, 16, 32, 64, 128],
  }),
  storeErrors: counter("crossfade_store_errors_total", {
    unit: "1",
    labels: none,
    meaning: "Operations of the store that failed",
  }),
  storeUp: gauge("crossfade_store_up", {
    unit: "1",
    labels: none,
    meaning: "1 while the database answers and accepts writes, else 0",
  }),
  redisUp: gauge("crossfade_redis_up", {
    unit: "1",
    labels: none,
    meaning: "1 while Redis answers and accepts writes, else 0; absent without Redis",
  }),
  eventWrite: histogram("crossfade_event_write_ms", {
    unit: "ms",
    labels: none,
    meaning:
      "Time to store one batch of events of running runs; the end of a run stores its last events itself",
    boundaries: ownWork,
  }),
  eventQueue: gauge("crossfade_event_queue_events", {
    unit: "1",
    labels: none,
    meaning: "Run events that were sent to readers but are not stored yet",
  }),
}

const processes = {
  loopDelay: gauge("crossfade_event_loop_delay_ms", {
    unit: "ms",
    labels: { quantile: ["0.5", "0.99", "1"] },
    meaning: "Delay of the event loop over the last minute",
  }),
  heapUsed: gauge("crossfade_heap_used_bytes", { unit: "By", labels: none, meaning: "Heap in use" }),
  heapLimit: gauge("crossfade_heap_limit_bytes", {
    unit: "By",
    labels: none,
    meaning: "Heap limit",
  }),
  memory: gauge("crossfade_resident_memory_bytes", { unit: "By", labels: none, meaning: "Resident memory" }),
  cpu: counter("crossfade_cpu_ms_total", { unit: "ms", labels: none, meaning: "Processor time" }),
  workerRestarts: counter("crossfade_worker_restarts_total", {
    unit: "1",
    labels: none,
    meaning: "Workers that replaced one that ended by itself or was killed",
  }),
  logLinesDropped: counter("crossfade_log_lines_dropped_total", {
    unit: "1",
    labels: none,
    meaning: "Dropped log lines: the reader of stdout is gone or slow, or the disk is full",
  }),
  build: gauge("crossfade_build_info", {
    unit: "1",
    labels: { version: { boundedBy: "the program" }, node: { boundedBy: "the program" } },
    meaning: "Always 1; the labels identify the program",
  }),
}

export const catalogue = {
  ...attempts,
  ...turns,
  ...mover,
  ...notify,
  ...feedback,
  ...readers,
  ...reads,
  ...stores,
  ...sqlite,
  ...processes,
  ...loops,
}

/** For code that visits all metrics. */
export const all: ReadonlyArray<Instrument<Labels>> = Object.values(catalogue) as never

/** Creates all series whose labels are known in advance, with the value 0. */
export const begin: Effect.Effect<void> = Effect.forEach(all, (instrument) => instrument.begin, {
  discard: true,
})

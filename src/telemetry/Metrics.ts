/**
 * Every metric of the service, once. Dashboards, alerts and `docs/reference/metrics.md` name nothing else. Times are in
 * milliseconds, because the first five names are those of dashboards that exist; the others follow them.
 *
 * A name is the same over OTLP and in `/metrics`. Figures are of this process; sums over replicas are the reader's.
 */
import * as Effect from "effect/Effect"
import { BreakerState } from "../domain/BreakerState.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { JudgeVerdict, ShadowEnding } from "../domain/ShadowPair.ts"
import { causeCodes, failureCodes } from "./FailureCodes.ts"
import { counter, gauge, histogram, type Instrument, type Labels } from "./Instrument.ts"
import { loops } from "./MetricsLoops.ts"
import { readers } from "./MetricsReaders.ts"
import { reads } from "./MetricsReads.ts"

const mode = ExecutionMode.literals
const none = {}
const listedOrgs = { boundedBy: "METRICS_ORG_LABELS" }

/** Why a turn began where it did; `rule` stands for every rule of the rollout. */
export const decisionReasons = [
  "forced",
  "denied_orgs",
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

/** Attempts: one run of one mode for one turn. Shadows, probes and kept answers are not among them. */
const attempts = {
  attempts: counter("chat_execution_total", {
    unit: "1",
    labels: { mode },
    meaning: "Attempts that ended, whatever the end",
  }),
  successes: counter("chat_execution_success_total", {
    unit: "1",
    labels: { mode },
    meaning: "Attempts that gave an answer",
  }),
  failures: counter("chat_execution_error_total", {
    unit: "1",
    labels: { mode, code: failureCodes },
    meaning:
      "Attempts that failed or ran out of time; cancels, rate limits and filters are in the total only",
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
    meaning:
      "Attempts that had begun and then showed nothing for longer than the stall clock, or the call clock, allows",
  }),
}

/** Turns: what users asked and how it ended for them. */
const turns = {
  turns: counter("crossfade_turns_total", {
    unit: "1",
    labels: {
      mode: [...mode, "none"],
      outcome: ["completed", "failed", "cancelled", "interrupted"],
    },
    meaning: "Turns that ended, by the mode that gave the answer; cancelled ones are the user's own",
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
    meaning:
      "Tokens of answers, as the upstream reported them or as they were guessed; kept answers have none",
  }),
  overhead: histogram("crossfade_gateway_overhead_ms", {
    unit: "ms",
    labels: none,
    meaning: "A turn's time less the time in which an upstream was at work for it",
    boundaries: ownWork,
  }),
  inFlight: gauge("crossfade_runs_in_flight", { unit: "1", labels: none, meaning: "Runs under way" }),
  oldestRun: gauge("crossfade_oldest_run_age_ms", {
    unit: "ms",
    labels: none,
    meaning: "Age of the oldest run under way; 0 when there is none",
  }),
  decisions: counter("crossfade_decisions_total", {
    unit: "1",
    labels: { mode, reason: decisionReasons },
    meaning: "Decisions on where a turn begins, by why",
  }),
  fallbacks: counter("crossfade_fallbacks_total", {
    unit: "1",
    labels: { from: mode, cause: causeCodes, stage: ["before_content", "after_text"] },
    meaning:
      "Turns that went on in the other mode, before anything was shown or after shown text was taken back",
  }),
}

const mover = {
  fallbackEnabled: gauge("chat_runtime_fallback_enabled", {
    unit: "1",
    labels: none,
    meaning: "1 while the breaker of all keeps turns from the runtime, else 0",
  }),
  breakerState: gauge("crossfade_breaker_state", {
    unit: "1",
    labels: { scope: { boundedBy: "`all` and METRICS_ORG_LABELS" }, state: breakerStates },
    meaning: "1 for the state that a breaker is in, 0 for the others",
  }),
  orgsAway: gauge("crossfade_breaker_orgs_away", {
    unit: "1",
    labels: none,
    meaning: "Organisations whose own breaker keeps them from the runtime",
  }),
  transitions: counter("crossfade_breaker_transitions_total", {
    unit: "1",
    labels: { scope: ["all", "org"], to: breakerStates },
    meaning: "Transitions of breakers that this process made; of several replicas one makes it",
  }),
  providerState: gauge("crossfade_provider_state", {
    unit: "1",
    labels: {
      provider: { boundedBy: "DIRECT_LLM_PROVIDERS" },
      state: ["closed", "open", "half_open"],
    },
    meaning: "1 for the state that a direct provider's breaker is in, 0 for the others",
  }),
  rolloutPercentage: gauge("crossfade_rollout_percentage", {
    unit: "percent",
    labels: none,
    meaning: "Share of the sessions that the rollout gives to the runtime",
  }),
  shadowRuns: counter("chat_shadow_total", {
    unit: "1",
    labels: { mode, ending: ShadowEnding.literals },
    meaning: "Shadow runs, also those that were left out",
  }),
  shadowPairs: counter("crossfade_shadow_pairs_total", {
    unit: "1",
    labels: { verdict: ["agrees", "differs"] },
    meaning: "Compared pairs of a turn and its shadow: alike in every dimension, or not",
  }),
  shadowJudged: counter("crossfade_shadow_judged_total", {
    unit: "1",
    labels: { verdict: JudgeVerdict.literals },
    meaning: "Pairs that the judge looked at, by whose answer it preferred",
  }),
  orgAttempts: counter("crossfade_org_attempts_total", {
    unit: "1",
    labels: { org: listedOrgs, mode, outcome: ["success", "error", "timeout", "neutral"] },
    meaning: "Attempts of the organisations that are listed",
  }),
}

const stores = {
  statements: counter("crossfade_db_statements_total", {
    unit: "1",
    labels: { kind: ["statement", "transaction"] },
    meaning: "What was sent to the database; `transaction` for the words that begin and end one",
  }),
  statementTime: histogram("crossfade_db_statement_ms", {
    unit: "ms",
    labels: none,
    meaning: "Time that a statement took, its wait for a connection not counted",
    boundaries: ownWork,
  }),
  storeErrors: counter("crossfade_store_errors_total", {
    unit: "1",
    labels: none,
    meaning: "Operations of the store that failed",
  }),
  storeUp: gauge("crossfade_store_up", {
    unit: "1",
    labels: none,
    meaning: "1 while the database answers and takes writes, else 0",
  }),
  redisUp: gauge("crossfade_redis_up", {
    unit: "1",
    labels: none,
    meaning: "1 while Redis answers and takes writes, else 0; absent where none is configured",
  }),
  eventWrite: histogram("crossfade_event_write_ms", {
    unit: "ms",
    labels: none,
    meaning: "Time to store one batch of events of runs that go on; a run's end stores its last ones itself",
    boundaries: ownWork,
  }),
  eventQueue: gauge("crossfade_event_queue_events", {
    unit: "1",
    labels: none,
    meaning: "Run events that are shown and not stored yet",
  }),
}

const processes = {
  loopDelay: gauge("crossfade_event_loop_delay_ms", {
    unit: "ms",
    labels: { quantile: ["0.5", "0.99", "1"] },
    meaning: "How late the event loop was in the last minute",
  }),
  heapUsed: gauge("crossfade_heap_used_bytes", { unit: "By", labels: none, meaning: "Heap in use" }),
  heapLimit: gauge("crossfade_heap_limit_bytes", {
    unit: "By",
    labels: none,
    meaning: "Heap that may be in use",
  }),
  memory: gauge("crossfade_resident_memory_bytes", { unit: "By", labels: none, meaning: "Resident memory" }),
  cpu: counter("crossfade_cpu_ms_total", { unit: "ms", labels: none, meaning: "Processor time spent" }),
  logLinesDropped: counter("crossfade_log_lines_dropped_total", {
    unit: "1",
    labels: none,
    meaning: "Log lines that stdout did not take: reader gone or slow, disk full",
  }),
  build: gauge("crossfade_build_info", {
    unit: "1",
    labels: { version: { boundedBy: "the program" }, node: { boundedBy: "the program" } },
    meaning: "1; which program this is",
  }),
}

export const catalogue = {
  ...attempts,
  ...turns,
  ...mover,
  ...readers,
  ...reads,
  ...stores,
  ...processes,
  ...loops,
}

/** For what goes through all of them. */
export const all: ReadonlyArray<Instrument<Labels>> = Object.values(catalogue) as never

/** Every series whose labels are known beforehand, at 0. */
export const begin: Effect.Effect<void> = Effect.forEach(all, (instrument) => instrument.begin, {
  discard: true,
})

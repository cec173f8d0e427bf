/**
 * Every metric of the service, once: name, unit, labels, meaning. Labels come from closed sets. The names of the first
 * five are those of dashboards that exist already.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import type { ShadowEnding } from "../domain/ShadowPair.ts"

/** Attempts of users' turns that ended, by `mode`; shadows are not among them. */
const total = Metric.counter("chat_execution_total", {
  description: "Attempts that ended",
  incremental: true,
})

const success = Metric.counter("chat_execution_success_total", {
  description: "Attempts that gave an answer",
  incremental: true,
})

/** By `mode` and `code`: errors and timeouts. Neutral ends (cancels, rate limits, filters) are in the total only. */
const error = Metric.counter("chat_execution_error_total", {
  description: "Attempts that failed or ran out of time",
  incremental: true,
})

/** Milliseconds from the attempt's start to its end, by `mode`; up to the longest an attempt may take by default. */
const latency = Metric.histogram("chat_execution_latency_ms", {
  description: "Duration of attempts in milliseconds",
  boundaries: [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000],
})

/** 1 while the breaker of all keeps turns from the runtime, else 0. */
const fallbackEnabled = Metric.gauge("chat_runtime_fallback_enabled", {
  description: "Whether the runtime is left alone",
})

/** By `mode` and `ending`: shadow runs, also those that were left out. In no other metric. */
const shadow = Metric.counter("chat_shadow_total", {
  description: "Shadow runs by how they ended",
  incremental: true,
})

/** By `kind`: `statement`, or `transaction` for the words that begin and end one. Each is a round trip to PostgreSQL. */
const statements = Metric.counter("crossfade.db.statements", {
  description: "What was sent to the database",
  incremental: true,
})

/** By `result`, `hit` or `miss`: turns of direct mode whose answer might have been kept. */
const keptAnswers = Metric.counter("crossfade.direct_cache.lookups", {
  description: "Questions that may have been answered before",
  incremental: true,
})

/** Streams to users that this process has open: what a fleet is scaled by. */
const streamsOpen = Metric.gauge("crossfade.streams.open", { description: "Open streams" })

/** By `reason`: `process`, `user_rate`, `org_rate`, `user_streams`, `org_streams`. */
const refusals = Metric.counter("crossfade.admission.refused", {
  description: "Requests that were not let in",
  incremental: true,
})

/** The codes of our own that an error or a timeout has; what an upstream invents is one label. */
const ownCodes: ReadonlySet<string> = new Set([
  "UPSTREAM_EMPTY",
  "UPSTREAM_GARBLED",
  "UPSTREAM_TRUNCATED",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_UNREACHABLE",
  "TIMEOUT_FIRST_CONTENT",
  "TIMEOUT_FIRST_PROGRESS",
  "TIMEOUT_STALL",
  "TIMEOUT_TOTAL",
])

const outcomeMetrics = (mode: ExecutionMode, outcome: Outcome, code: string | null) => {
  if (outcome === "success") return [Metric.update(Metric.withAttributes(success, { mode }), 1)]
  if (outcome === "neutral") return []
  const label = code !== null && ownCodes.has(code) ? code : "UPSTREAM_FAILED"
  return [Metric.update(Metric.withAttributes(error, { mode, code: label }), 1)]
}

/** One attempt, at its end. */
export const attemptEnded = (attempt: {
  readonly mode: ExecutionMode
  readonly outcome: Outcome
  readonly code: string | null
  readonly latencyMs: number
}): Effect.Effect<void> => {
  const { mode } = attempt
  return Effect.all(
    [
      Metric.update(Metric.withAttributes(total, { mode }), 1),
      Metric.update(Metric.withAttributes(latency, { mode }), attempt.latencyMs),
      ...outcomeMetrics(mode, attempt.outcome, attempt.code),
    ],
    { discard: true },
  )
}

export const shadowEnded = (mode: ExecutionMode, ending: ShadowEnding): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(shadow, { mode, ending }), 1)

export const fallback = (enabled: boolean): Effect.Effect<void> =>
  Metric.update(fallbackEnabled, enabled ? 1 : 0)

const countedStatement = {
  statement: Metric.update(Metric.withAttributes(statements, { kind: "statement" }), 1),
  transaction: Metric.update(Metric.withAttributes(statements, { kind: "transaction" }), 1),
}

export const databaseStatement = (kind: keyof typeof countedStatement): Effect.Effect<void> =>
  countedStatement[kind]

export const answerLookedUp = (hit: boolean): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(keptAnswers, { result: hit ? "hit" : "miss" }), 1)

export const openStreams = (count: number): Effect.Effect<void> => Metric.update(streamsOpen, count)

export const refused = (
  reason: "process" | "user_rate" | "org_rate" | "user_streams" | "org_streams",
): Effect.Effect<void> => Metric.update(Metric.withAttributes(refusals, { reason }), 1)

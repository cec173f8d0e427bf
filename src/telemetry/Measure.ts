/** How the stages of a turn measure: one function for each thing that happens, over the catalogue in `Metrics`. */
import * as Effect from "effect/Effect"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import type { ShadowEnding } from "../domain/ShadowPair.ts"
import { catalogue, failureCodes } from "./Metrics.ts"

const codeOf = (code: string | null) =>
  failureCodes.find((known) => known === code) ?? ("UPSTREAM_FAILED" as const)

const outcomeMetrics = (mode: ExecutionMode, outcome: Outcome, code: string | null) => {
  if (outcome === "success") return [catalogue.successes.record({ mode }, 1)]
  if (outcome === "neutral") return []
  return [catalogue.failures.record({ mode, code: codeOf(code) }, 1)]
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
      catalogue.attempts.record({ mode }, 1),
      catalogue.latency.record({ mode }, attempt.latencyMs),
      ...outcomeMetrics(mode, attempt.outcome, attempt.code),
    ],
    { discard: true },
  )
}

export const shadowEnded = (mode: ExecutionMode, ending: ShadowEnding): Effect.Effect<void> =>
  catalogue.shadowRuns.record({ mode, ending }, 1)

export const fallback = (enabled: boolean): Effect.Effect<void> =>
  catalogue.fallbackEnabled.record({}, enabled ? 1 : 0)

const counted = {
  statement: catalogue.statements.record({ kind: "statement" }, 1),
  transaction: catalogue.statements.record({ kind: "transaction" }, 1),
}

export const databaseStatement = (kind: keyof typeof counted): Effect.Effect<void> => counted[kind]

export const answerLookedUp = (hit: boolean): Effect.Effect<void> =>
  catalogue.keptAnswers.record({ result: hit ? "hit" : "miss" }, 1)

export const openStreams = (count: number): Effect.Effect<void> => catalogue.streamsOpen.record({}, count)

export const refused = (
  reason: "process" | "user_rate" | "org_rate" | "user_streams" | "org_streams",
): Effect.Effect<void> => catalogue.refused.record({ reason }, 1)

/** The recordings of a turn's stages: one function for each event, over the catalogue in `Metrics`. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { AutopilotStatus } from "../domain/Autopilot.ts"
import { BreakerState } from "../domain/BreakerState.ts"
import type { Decision } from "../domain/Decision.ts"
import type { RatingChange } from "../domain/Feedback.ts"
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import { overheadMs } from "../domain/Overhead.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { RefusalReason } from "../domain/RejectionReason.ts"
import type { JudgeVerdict, ShadowEnding } from "../domain/ShadowPair.ts"
import { measure, type Update } from "./Instrument.ts"
import { causeCodes, failureCodes } from "./FailureCodes.ts"
import { catalogue, decisionReasons } from "./Metrics.ts"

/** The organisations with series of their own (`METRICS_ORG_LABELS`). */
export const ListedOrgs = Context.Reference<ReadonlySet<string>>("crossfade/telemetry/ListedOrgs", {
  defaultValue: () => new Set(),
})

type Updates = ReadonlyArray<Update>

const failureCodeOf = (code: string | null) =>
  failureCodes.find((known) => known === code) ?? ("UPSTREAM_FAILED" as const)

const classOf = (outcome: Outcome) =>
  outcome === "success" || outcome === "neutral" || outcome === "error" ? outcome : "timeout"

const outcomeOf = ({ code, mode, outcome }: Attempt): Updates => {
  if (outcome === "success") return [catalogue.successes.update({ mode }, 1)]
  if (outcome === "neutral") return []
  const failed = catalogue.failures.update({ mode, code: failureCodeOf(code) }, 1)
  return outcome === "timeout_stall" ? [failed, catalogue.stalls.update({ mode }, 1)] : [failed]
}

const firstContentOf = ({ firstContentAt, mode, startedAt }: Attempt): Updates =>
  firstContentAt === null ? [] : [catalogue.firstContent.update({ mode }, firstContentAt - startedAt)]

const ofOrg =
  (org: OrgId, { mode, outcome }: Attempt): Update =>
  (context) => {
    if (!Context.get(context, ListedOrgs).has(org)) return
    catalogue.orgAttempts.update({ org, mode, outcome: classOf(outcome) }, 1)(context)
  }

/** One attempt of a user's turn, at its end. */
export const attemptEnded = (org: OrgId, attempt: Attempt): Effect.Effect<void> => {
  const { endedAt, mode, startedAt } = attempt
  return measure([
    catalogue.attempts.update({ mode }, 1),
    catalogue.latency.update({ mode }, endedAt - startedAt),
    ...outcomeOf(attempt),
    ...firstContentOf(attempt),
    ofOrg(org, attempt),
  ])
}

/** `rule:…` is a rule of the rollout, whose name an operator chose. */
const reasonOf = (reason: string) =>
  decisionReasons.find((known) => known === reason.split(":")[0]) ?? ("rule" as const)

export const decided = ({ order: [mode], reason }: Decision): Effect.Effect<void> =>
  catalogue.decisions.record({ mode, reason: reasonOf(reason) }, 1)

/** A turn falls back to another mode. `retracted`: shown content was taken back. */
export const fellBack = (from: ExecutionMode, code: string, retracted: boolean): Effect.Effect<void> =>
  catalogue.fallbacks.record(
    {
      from,
      cause: causeCodes.find((known) => known === code) ?? "UPSTREAM_FAILED",
      stage: retracted ? "after_text" : "before_content",
    },
    1,
  )

const tokensOf = ({ executionMode, usage }: Run): Updates =>
  executionMode === null || usage === null || usage.cached === true
    ? []
    : [
        catalogue.tokens.update(
          { mode: executionMode, counted: usage.estimated === true ? "estimated" : "reported" },
          usage.tokens,
        ),
      ]

/** An ended run with its attempts. */
export const turnEnded = (run: Run, attempts: ReadonlyArray<Attempt>): Effect.Effect<void> => {
  const { createdAt, endedAt, executionMode, status } = run
  if (status === "running" || endedAt === null) return Effect.void
  return measure([
    catalogue.turns.update({ mode: executionMode ?? "none", outcome: status }, 1),
    catalogue.turnDuration.update({ outcome: status }, endedAt - createdAt),
    catalogue.overhead.update({}, overheadMs({ startedAt: createdAt, endedAt }, attempts)),
    ...tokensOf(run),
  ])
}

/** The difference of both counters is the number of ratings that stand, also after changes and withdrawals. */
export const rated = ({ from, mode, to }: RatingChange): Effect.Effect<void> => {
  if (from === to) return Effect.void
  const labelled = mode ?? "none"
  return measure([
    ...(to === undefined ? [] : [catalogue.feedbackGiven.update({ mode: labelled, rating: to }, 1)]),
    ...(from === undefined ? [] : [catalogue.feedbackReplaced.update({ mode: labelled, rating: from }, 1)]),
  ])
}

export const shadowEnded = (mode: ExecutionMode, ending: ShadowEnding): Effect.Effect<void> =>
  catalogue.shadowRuns.record({ mode, ending }, 1)

export const shadowCompared = (agrees: boolean): Effect.Effect<void> =>
  catalogue.shadowPairs.record({ verdict: agrees ? "agrees" : "differs" }, 1)

export const shadowJudged = (verdict: JudgeVerdict): Effect.Effect<void> =>
  catalogue.shadowJudged.record({ verdict }, 1)

/** The states of the breakers: the global one, and those of organisations that are not closed. */
export const breakers = (now: {
  readonly fallback: boolean
  readonly state: BreakerState
  readonly orgs: ReadonlyArray<{ readonly orgId: string; readonly state: BreakerState }>
}): Effect.Effect<void> =>
  Effect.flatMap(ListedOrgs, (listed) => {
    const scopes = [
      { scope: "all", state: now.state },
      ...[...listed].map((scope) => ({
        scope,
        state: now.orgs.find(({ orgId }) => orgId === scope)?.state ?? "closed",
      })),
    ]
    const states = scopes.flatMap(({ scope, state }) =>
      BreakerState.literals.map((one) =>
        catalogue.breakerState.update({ scope, state: one }, one === state ? 1 : 0),
      ),
    )
    const away = now.orgs.filter(({ state }) => state !== "ramp" && state !== "forced_runtime").length
    return measure([
      catalogue.fallbackEnabled.update({}, now.fallback ? 1 : 0),
      catalogue.orgsAway.update({}, away),
      ...states,
    ])
  })

export const breakerMoved = (scope: "all" | "org", to: BreakerState): Effect.Effect<void> =>
  catalogue.transitions.record({ scope, to }, 1)

export const rolloutPercentage = (percentage: number): Effect.Effect<void> =>
  catalogue.rolloutPercentage.record({}, percentage)

/** Undefined before the first guarded rollout. */
export const autopilot = (now: AutopilotStatus | undefined): Effect.Effect<void> =>
  measure(
    AutopilotStatus.literals.map((status) =>
      catalogue.autopilotState.update({ status }, status === now ? 1 : 0),
    ),
  )

/** The connections count statements themselves, where a step of a fiber would cost as much as a statement. */
export const statementSent = {
  statement: catalogue.statements.update({ kind: "statement" }, 1),
  transaction: catalogue.statements.update({ kind: "transaction" }, 1),
}

export const statementTook = (ms: number): Update => catalogue.statementTime.update({}, ms)

export const batchesStored = (count: number): Effect.Effect<void> =>
  measure([catalogue.commits.update({}, 1), catalogue.batchesPerCommit.update({}, count)])

export const storeFailed: Effect.Effect<void> = catalogue.storeErrors.record({}, 1)

export const logLineDropped: Update = catalogue.logLinesDropped.update({}, 1)

export const eventsWritten = (ms: number): Effect.Effect<void> => catalogue.eventWrite.record({}, ms)

export const answerLookedUp = (hit: boolean): Effect.Effect<void> =>
  catalogue.directCacheLookups.record({ result: hit ? "hit" : "miss" }, 1)

export const refused = (reason: RefusalReason | "memory"): Effect.Effect<void> =>
  catalogue.refused.record({ reason }, 1)

/** A turn with a token budget has ended. */
export const budgetSpent = (tokens: number): Effect.Effect<void> => catalogue.budgetTokens.record({}, tokens)

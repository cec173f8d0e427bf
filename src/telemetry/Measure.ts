/** How the stages of a turn measure: one function for each thing that happens, over the catalogue in `Metrics`. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { BreakerState } from "../domain/BreakerState.ts"
import type { Decision } from "../domain/Decision.ts"
import type { OrgId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Outcome } from "../domain/Outcome.ts"
import { overheadMs } from "../domain/Overhead.ts"
import type { Attempt, Run } from "../domain/Run.ts"
import type { JudgeVerdict, ShadowEnding } from "../domain/ShadowPair.ts"
import { catalogue, causeCodes, decisionReasons, failureCodes } from "./Metrics.ts"

/** The organisations that have series of their own (`METRICS_ORG_LABELS`). */
export const ListedOrgs = Context.Reference<ReadonlySet<string>>("crossfade/telemetry/ListedOrgs", {
  defaultValue: () => new Set(),
})

type Recorded = ReadonlyArray<Effect.Effect<void>>

const failureCodeOf = (code: string | null) =>
  failureCodes.find((known) => known === code) ?? ("UPSTREAM_FAILED" as const)

const classOf = (outcome: Outcome) =>
  outcome === "success" || outcome === "neutral" || outcome === "error" ? outcome : "timeout"

const outcomeOf = ({ code, mode, outcome }: Attempt): Recorded => {
  if (outcome === "success") return [catalogue.successes.record({ mode }, 1)]
  if (outcome === "neutral") return []
  const failed = catalogue.failures.record({ mode, code: failureCodeOf(code) }, 1)
  return outcome === "timeout_stall" ? [failed, catalogue.stalls.record({ mode }, 1)] : [failed]
}

const firstContentOf = ({ firstContentAt, mode, startedAt }: Attempt): Recorded =>
  firstContentAt === null ? [] : [catalogue.firstContent.record({ mode }, firstContentAt - startedAt)]

/** One attempt of a user's, at its end. */
export const attemptEnded = (org: OrgId, attempt: Attempt): Effect.Effect<void> => {
  const { endedAt, mode, outcome, startedAt } = attempt
  const ofAll = [
    catalogue.attempts.record({ mode }, 1),
    catalogue.latency.record({ mode }, endedAt - startedAt),
    ...outcomeOf(attempt),
    ...firstContentOf(attempt),
  ]
  const ofOrg = Effect.flatMap(ListedOrgs, (listed) =>
    listed.has(org) ? catalogue.orgAttempts.record({ org, mode, outcome: classOf(outcome) }, 1) : Effect.void,
  )
  return Effect.all([...ofAll, ofOrg], { discard: true })
}

/** `rule:…` is a rule of the rollout, whose names are an operator's. */
const reasonOf = (reason: string) =>
  decisionReasons.find((known) => known === reason.split(":")[0]) ?? ("rule" as const)

export const decided = ({ order: [mode], reason }: Decision): Effect.Effect<void> =>
  catalogue.decisions.record({ mode, reason: reasonOf(reason) }, 1)

/** A turn goes on in another mode. `retracted`: what was shown is taken back. */
export const fellBack = (from: ExecutionMode, code: string, retracted: boolean): Effect.Effect<void> =>
  catalogue.fallbacks.record(
    {
      from,
      cause: causeCodes.find((known) => known === code) ?? "UPSTREAM_FAILED",
      stage: retracted ? "after_text" : "before_content",
    },
    1,
  )

const tokensOf = ({ executionMode, usage }: Run): Recorded =>
  executionMode === null || usage === null || usage.cached === true
    ? []
    : [
        catalogue.tokens.record(
          { mode: executionMode, counted: usage.estimated === true ? "estimated" : "reported" },
          usage.tokens,
        ),
      ]

/** A run that has ended, and the attempts that it was made of. */
export const turnEnded = (run: Run, attempts: ReadonlyArray<Attempt>): Effect.Effect<void> => {
  const { createdAt, endedAt, executionMode, status } = run
  if (status === "running" || endedAt === null) return Effect.void
  return Effect.all(
    [
      catalogue.turns.record({ mode: executionMode ?? "none", outcome: status }, 1),
      catalogue.turnDuration.record({ outcome: status }, endedAt - createdAt),
      catalogue.overhead.record({}, overheadMs({ startedAt: createdAt, endedAt }, attempts)),
      ...tokensOf(run),
    ],
    { discard: true },
  )
}

export const shadowEnded = (mode: ExecutionMode, ending: ShadowEnding): Effect.Effect<void> =>
  catalogue.shadowRuns.record({ mode, ending }, 1)

export const shadowCompared = (agrees: boolean): Effect.Effect<void> =>
  catalogue.shadowPairs.record({ verdict: agrees ? "agrees" : "differs" }, 1)

export const shadowJudged = (verdict: JudgeVerdict): Effect.Effect<void> =>
  catalogue.shadowJudged.record({ verdict }, 1)

/** How the breakers stand: of all, and of the organisations whose own are not closed. */
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
        catalogue.breakerState.record({ scope, state: one }, one === state ? 1 : 0),
      ),
    )
    const away = now.orgs.filter(({ state }) => state !== "ramp" && state !== "forced_runtime").length
    return Effect.all(
      [
        catalogue.fallbackEnabled.record({}, now.fallback ? 1 : 0),
        catalogue.orgsAway.record({}, away),
        ...states,
      ],
      { discard: true },
    )
  })

export const breakerMoved = (scope: "all" | "org", to: BreakerState): Effect.Effect<void> =>
  catalogue.transitions.record({ scope, to }, 1)

export const rolloutPercentage = (percentage: number): Effect.Effect<void> =>
  catalogue.rolloutPercentage.record({}, percentage)

const counted = {
  statement: catalogue.statements.record({ kind: "statement" }, 1),
  transaction: catalogue.statements.record({ kind: "transaction" }, 1),
}

export const databaseStatement = (kind: keyof typeof counted): Effect.Effect<void> => counted[kind]

export const statementEnded = (ms: number): Effect.Effect<void> => catalogue.statementTime.record({}, ms)

export const storeFailed: Effect.Effect<void> = catalogue.storeErrors.record({}, 1)

export const eventsWritten = (ms: number): Effect.Effect<void> => catalogue.eventWrite.record({}, ms)

export const answerLookedUp = (hit: boolean): Effect.Effect<void> =>
  catalogue.keptAnswers.record({ result: hit ? "hit" : "miss" }, 1)

export const refused = (
  reason: "process" | "user_rate" | "org_rate" | "user_streams" | "org_streams",
): Effect.Effect<void> => catalogue.refused.record({ reason }, 1)

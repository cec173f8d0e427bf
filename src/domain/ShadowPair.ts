/**
 * The comparison of a turn that ran twice: the user's answer (primary) and the unseen one (shadow), dimension by
 * dimension. If both ran in the same mode (A/A), the pair shows the mode's own variation.
 */
import * as Schema from "effect/Schema"
import { AgentId, OrgId, RunId } from "./Ids.ts"
import { ExecutionMode } from "./Mode.ts"

/** The order of reports. `firstContent` and `total` are times. */
export const dimensions = [
  "outcome",
  "sequence",
  "tools",
  "toolArguments",
  "plan",
  "length",
  "text",
  "language",
  "firstContent",
  "total",
  "tokens",
] as const
export const Dimension = Schema.Literals(dimensions)
export type Dimension = typeof Dimension.Type

/** 0 (equal) to 1 (nothing in common); null without anything to compare. */
export const Distances = Schema.Record(Dimension, Schema.NullOr(Schema.Finite))
export type Distances = typeof Distances.Type

export const SideOutcome = Schema.Literals(["success", "error", "timeout", "filtered"])
export type SideOutcome = typeof SideOutcome.Type

/** The figures of one side. Times are milliseconds from the start; `tokens` only if the provider reported them. */
export const Side = Schema.Struct({
  code: Schema.NullOr(Schema.String),
  firstContentMs: Schema.NullOr(Schema.Int),
  totalMs: Schema.NullOr(Schema.Int),
  tokens: Schema.NullOr(Schema.Int),
  /** Characters of the answer. */
  length: Schema.Int,
  /** An ISO 639 code, `und-<script>` if only the script is known, or `unknown`. */
  language: Schema.String,
  /** A hash of the answer, salted with the run: it shows only whether the two sides are equal. */
  hash: Schema.String,
  /** Absent unless the service is configured to store texts. */
  text: Schema.optionalKey(Schema.String),
})
export type Side = typeof Side.Type

/** `unclear`: the judge's answer did not have the requested form. */
export const JudgeVerdict = Schema.Literals(["primary", "shadow", "equal", "unclear"])
export type JudgeVerdict = typeof JudgeVerdict.Type

export const Judgement = Schema.Struct({ verdict: JudgeVerdict, tokens: Schema.Int })
export type Judgement = typeof Judgement.Type

export const ShadowPair = Schema.Struct({
  runId: RunId,
  orgId: OrgId,
  agentId: AgentId,
  primaryMode: ExecutionMode,
  shadowMode: ExecutionMode,
  primaryOutcome: SideOutcome,
  shadowOutcome: SideOutcome,
  primary: Side,
  shadow: Side,
  distances: Distances,
  /** The dimensions whose distance exceeds their tolerance. */
  differs: Schema.Array(Dimension),
  judgement: Schema.NullOr(Judgement),
  createdAt: Schema.Int,
})
export type ShadowPair = typeof ShadowPair.Type

/**
 * The end of a shadow: compared; not started (too many shadows, a busy process, or a breaker that is not closed);
 * cancelled (the process became busy, the user cancelled, or the process stopped); or not comparable, because one
 * side gave no answer (a rate limit, an interrupted turn). `judged` is the judge's own call.
 */
export const ShadowEnding = Schema.Literals([
  "compared",
  "not_comparable",
  "dropped_busy",
  "dropped_load",
  "dropped_breaker",
  "cancelled_load",
  "cancelled_primary",
  "cancelled_stop",
  "judged",
])
export type ShadowEnding = typeof ShadowEnding.Type

const hourMs = 3_600_000
/** The start of the hour; both are epoch milliseconds. */
export const hourOf = (at: number): number => Math.floor(at / hourMs) * hourMs

/** The shadows of one kind within an hour, and their cost. Users' figures exclude these tokens. */
export const LedgerEntry = Schema.Struct({
  /** Epoch milliseconds of the hour's start. */
  hour: Schema.Int,
  orgId: OrgId,
  agentId: AgentId,
  mode: ExecutionMode,
  ending: ShadowEnding,
  runs: Schema.Int,
  tokens: Schema.Int,
  /** The part of `tokens` that is an estimate. */
  estimatedTokens: Schema.Int,
})
export type LedgerEntry = typeof LedgerEntry.Type

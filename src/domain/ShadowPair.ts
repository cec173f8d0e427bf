/**
 * The record of a turn that was run twice: the answer that the user got (primary) and the unseen one (shadow), dimension by
 * dimension. Where both ran in the same mode (A/A) the pair shows how much that mode differs from itself.
 */
import * as Schema from "effect/Schema"
import { AgentId, OrgId, RunId } from "./Ids.ts"
import { ExecutionMode } from "./Mode.ts"

/** In the order in which reports list them. `firstContent` and `total` are times. */
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

/** 0 (the same) to 1 (nothing in common); null where there is nothing to compare. */
export const Distances = Schema.Record(Dimension, Schema.NullOr(Schema.Finite))
export type Distances = typeof Distances.Type

export const SideOutcome = Schema.Literals(["success", "error", "timeout", "filtered"])
export type SideOutcome = typeof SideOutcome.Type

/** One side's figures. Times in milliseconds from the start; `tokens` only where the provider reported them. */
export const Side = Schema.Struct({
  code: Schema.NullOr(Schema.String),
  firstContentMs: Schema.NullOr(Schema.Int),
  totalMs: Schema.NullOr(Schema.Int),
  tokens: Schema.NullOr(Schema.Int),
  /** Characters of the answer. */
  length: Schema.Int,
  /** ISO 639 code, `und-<script>` where only the script is known, or `unknown`. */
  language: Schema.String,
  /** A hash of the answer, salted with the run: it shows if both sides of this pair are the same, and nothing else. */
  hash: Schema.String,
  /** Absent unless the service was told to keep texts. */
  text: Schema.optionalKey(Schema.String),
})
export type Side = typeof Side.Type

/** `unclear`: the judge answered, and not in the form that it was asked for. */
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
  /** The dimensions whose distance is beyond what counts as agreement. */
  differs: Schema.Array(Dimension),
  judgement: Schema.NullOr(Judgement),
  createdAt: Schema.Int,
})
export type ShadowPair = typeof ShadowPair.Type

/**
 * How a shadow came to its end: compared; not started because too many shadows were under way, the process was busy or
 * the breaker keeps turns from the runtime; cancelled because the process got busy, the user cancelled or the process
 * stopped; or one side gave nothing that can be compared (a rate limit, a turn that was interrupted). `judged` is the
 * judge's own call.
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
/** The beginning of the hour, both epoch milliseconds. */
export const hourOf = (at: number): number => Math.floor(at / hourMs) * hourMs

/** Shadows of one kind within an hour, and what they cost: users' figures never hold these tokens. */
export const LedgerEntry = Schema.Struct({
  /** Epoch milliseconds of the hour's beginning. */
  hour: Schema.Int,
  orgId: OrgId,
  agentId: AgentId,
  mode: ExecutionMode,
  ending: ShadowEnding,
  runs: Schema.Int,
  tokens: Schema.Int,
  /** The part of `tokens` that was not reported and is a guess. */
  estimatedTokens: Schema.Int,
})
export type LedgerEntry = typeof LedgerEntry.Type

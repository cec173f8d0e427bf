/** Traces and pairs with every field filled in; a test gives only the fields that matter. */
import * as Schema from "effect/Schema"
import { orgId, runIdOf } from "../support/fixtures.ts"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { type Distances, dimensions, type ShadowPair, type Side } from "../../src/domain/ShadowPair.ts"
import { differences } from "../../src/shadow/Comparison.ts"
import type { Trace } from "../../src/shadow/Trace.ts"

export const trace = (fields: Partial<Trace> = {}): Trace => ({
  outcome: "success",
  code: null,
  types: ["thinking", "text"],
  calls: [],
  steps: [],
  text: "The museum opens at nine and it closes at six.",
  language: "en",
  firstContentMs: 400,
  totalMs: 2000,
  tokens: 100,
  ...fields,
})

const text = Schema.String.check(Schema.isMaxLength(60))
const maybeTime = Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })))

/** Any trace, for properties. */
export const AnyTrace = Schema.Struct({
  outcome: Schema.Literals(["success", "success", "error", "timeout", "filtered"]),
  code: Schema.NullOr(Schema.String),
  types: Schema.Array(Schema.Literals(["text", "thinking", "plan", "tool_call", "file"])),
  calls: Schema.Array(
    Schema.Struct({
      name: Schema.Literals(["search", "charge"]),
      arguments: Schema.Literals(["{}", '{"a":1}']),
    }),
  ),
  steps: Schema.Array(Schema.Literals(["Search", "Write"])),
  text,
  language: Schema.Literals(["en", "de", "und-Latn", "und-Cyrl", "unknown"]),
  firstContentMs: maybeTime,
  totalMs: maybeTime,
  tokens: maybeTime,
})

const side: Side = {
  code: null,
  firstContentMs: 400,
  totalMs: 2000,
  tokens: null,
  length: 46,
  language: "en",
  hash: "aa",
}

const none = Object.fromEntries(dimensions.map((dimension) => [dimension, null])) as Distances

export const pair = (
  n: number,
  {
    distances = {},
    ...fields
  }: Partial<Omit<ShadowPair, "distances">> & { distances?: Partial<Distances> } = {},
): ShadowPair => {
  const all = { ...none, outcome: 0, ...distances }
  return {
    runId: runIdOf(n),
    orgId,
    agentId: defaultAgentId,
    primaryMode: "direct_llm",
    shadowMode: "runtime_orchestrator",
    primaryOutcome: "success",
    shadowOutcome: "success",
    primary: side,
    shadow: side,
    distances: all,
    differs: differences(all),
    judgement: null,
    createdAt: n,
    ...fields,
  }
}

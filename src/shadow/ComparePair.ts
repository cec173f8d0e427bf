/** Makes the stored pair from two traces of one run. Pure except for the hash. */
import { createHash } from "node:crypto"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Run } from "../domain/Run.ts"
import type { ShadowPair, Side } from "../domain/ShadowPair.ts"
import { compare, differences } from "./Comparison.ts"
import type { Trace } from "./Trace.ts"

/** Salted with the run, so that it cannot be looked up in a precomputed list of likely answers. */
const hashOf = (run: Run, text: string): string =>
  createHash("sha256").update(`${run.id}\n${text}`).digest("hex").slice(0, 32)

const side = (run: Run, trace: Trace, withText: boolean): Side => ({
  code: trace.code,
  firstContentMs: trace.firstContentMs,
  totalMs: trace.totalMs,
  tokens: trace.tokens,
  length: trace.text.length,
  language: trace.language,
  hash: hashOf(run, trace.text),
  ...(withText ? { text: trace.text } : {}),
})

export const comparePair = (
  run: Run,
  shadowMode: ExecutionMode,
  traces: { readonly primary: Trace; readonly shadow: Trace },
  withTexts: boolean,
): ShadowPair => {
  const distances = compare(traces.primary, traces.shadow)
  return {
    runId: run.id,
    orgId: run.orgId,
    agentId: run.agentId,
    primaryMode: run.decision.order[0],
    shadowMode,
    primaryOutcome: traces.primary.outcome,
    shadowOutcome: traces.shadow.outcome,
    primary: side(run, traces.primary, withTexts),
    shadow: side(run, traces.shadow, withTexts),
    distances,
    differs: differences(distances),
    judgement: null,
    createdAt: run.createdAt,
  }
}

/** The shadow service over scripted modes, a store in memory and a load set by the test; the test writes the primary's log. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { ExecutionMode } from "../../src/domain/Mode.ts"
import type { Attempt, Run } from "../../src/domain/Run.ts"
import type { Judgement, LedgerEntry, ShadowPair } from "../../src/domain/ShadowPair.ts"
import type { Executor } from "../../src/execution/Executor.ts"
import { Modes } from "../../src/execution/Modes.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { type Recorded, Recorder } from "../../src/recording/Recorder.ts"
import { Runs } from "../../src/store/Runs.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { LiveRuns } from "../../src/runs/LiveRuns.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { LoadMeter } from "../../src/shadow/LoadMeter.ts"
import { type Primary, Shadow } from "../../src/shadow/Shadow.ts"
import { ShadowJudge } from "../../src/shadow/ShadowJudge.ts"
import { ShadowLedger } from "../../src/shadow/ShadowLedger.ts"
import { noon, run, runIdOf, turn } from "../support/fixtures.ts"

/** Inputs of a test, and recorded results. */
export const world = () => ({
  turns: 1,
  utilization: 0,
  breakerOpen: false,
  storeTexts: false,
  attempts: [] as Array<readonly [Recorded, Attempt]>,
  pairs: [] as Array<ShadowPair>,
  judgements: [] as Array<readonly [string, Judgement]>,
  ledger: [] as Array<LedgerEntry>,
})
export type World = ReturnType<typeof world>

/** Stubs: a method that is not given fails as a defect, above all the Monitor's. */
export const layer = (its: World, executors: ReadonlyArray<Layer.Layer<Executor>>, judge = "") => {
  const ports = Layer.mergeAll(
    Modes.layer(executors),
    Layer.mock(Monitor, { isFallbackEnabled: Effect.sync(() => its.breakerOpen) }),
    Layer.mock(LiveRuns, { get: () => undefined, count: () => its.turns }),
    Layer.mock(Runs, {}),
    Layer.mock(LoadMeter, { utilization: Effect.sync(() => its.utilization) }),
    Layer.mock(Recorder, {
      attempt: (recorded, attempt) => Effect.sync(() => void its.attempts.push([recorded, attempt])),
    }),
    Layer.mock(ShadowPairs, {
      add: (pair) => Effect.sync(() => void its.pairs.push(pair)),
      judge: (runId, judgement) => Effect.sync(() => void its.judgements.push([runId, judgement])),
      count: (entries) => Effect.sync(() => void its.ledger.push(...entries)),
      trim: () => Effect.void,
    }),
  )
  const limits = { firstContentMs: 1000, stallMs: 2000, totalMs: 10_000 }
  return Shadow.layer({ limits, storeTexts: its.storeTexts }).pipe(
    Layer.provide(ShadowJudge.layer(judge)),
    Layer.provideMerge(ShadowLedger.layer),
    Layer.provide(ports),
  )
}

export const primary = (n = 1, mode: ExecutionMode = "direct_llm"): Primary => {
  const fields: Partial<Run> = {
    id: runIdOf(n),
    createdAt: 0,
    decision: { order: [mode], reason: "default_mode", probe: false, rules: [] },
  }
  return { run: run(fields), turn: turn({ runId: runIdOf(n) }), log: new RunLog(runIdOf(n)) }
}

/** The user's answer, and its end. */
export const answers = ({ log, run: { id, sessionId } }: Primary, ...drafts: ReadonlyArray<Draft>): void => {
  for (const draft of drafts) log.message(draft, 400)
  const usage = { tokens: 9, latencyMs: 900 }
  log.end({
    event: "done",
    data: { runId: id, sessionId, messageId: id as never, usage, executionMode: "direct_llm" },
  })
}

export const fails = ({ log, run: { id } }: Primary, code: string): void =>
  log.end({ event: "error", data: { code, message: "", runId: id, recoverable: true } })

/** The endings in the ledger with their counts, after a flush. */
export const endings = (its: World) =>
  Effect.map(
    ShadowLedger.use((ledger) => ledger.flush),
    () => its.ledger.map(({ ending, runs }) => [ending, runs] as const),
  )

export { noon }

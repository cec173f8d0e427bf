/**
 * Shadow runs: the same turn once more, in either mode, invisible to the user. A shadow is detached from the answer.
 * It is dropped, never queued, if there is no room (`ShadowLoad`), and cancelled when the process is busy, the user
 * cancels or the process stops. After both sides have ended, they are compared and the pair is stored.
 *
 * A shadow records nothing in the Monitor and writes nothing to the run's log; it reads the user's run after its end.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Clock from "effect/Clock"
import * as Schedule from "effect/Schedule"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { Run } from "../domain/Run.ts"
import { hourOf, type ShadowEnding } from "../domain/ShadowPair.ts"
import { estimateTokens } from "../domain/TokenEstimate.ts"
import type { Limits } from "../execution/Deadlines.ts"
import type { Executor, Turn } from "../execution/Executor.ts"
import { Modes } from "../execution/Modes.ts"
import { Monitor } from "../monitoring/Monitor.ts"
import { Recorder } from "../recording/Recorder.ts"
import * as RunPages from "../store/RunPages.ts"
import { Runs } from "../store/Runs.ts"
import { ShadowPairs } from "../store/ShadowPairs.ts"
import { LiveRuns } from "../runs/LiveRuns.ts"
import type { RunLog } from "../runs/RunLog.ts"
import { LoadMeter } from "./LoadMeter.ts"
import { comparePair } from "./ComparePair.ts"
import * as ShadowAttempt from "./ShadowAttempt.ts"
import { ShadowJudge } from "./ShadowJudge.ts"
import { ShadowLedger } from "./ShadowLedger.ts"
import * as ShadowLoad from "./ShadowLoad.ts"
import * as Trace from "./Trace.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Loop from "../telemetry/Loop.ts"

/** The user's run. */
export interface Primary {
  readonly run: Run
  readonly turn: Turn
  readonly log: RunLog
}

export interface ShadowSettings {
  /** The limits of the turn, or shorter ones. */
  readonly limits: Limits
  readonly storeTexts: boolean
}

/** The report reads all of them; the list of mismatches shows a tenth. */
const keptPairs = 10_000
const keptLedgerMs = 90 * 86_400_000

export class Shadow extends Context.Service<
  Shadow,
  {
    /** Returns at once, also when the shadow is dropped. */
    readonly start: (primary: Primary, mode: ExecutionMode) => Effect.Effect<void>
  }
>()("crossfade/shadow/Shadow") {
  static readonly layer = (settings: ShadowSettings) => Layer.effect(Shadow, make(settings))
}

const wasCancelled = (log: RunLog): boolean => {
  const last = log.read(log.lastSeq - 1)[0]?.event
  return last?.event === "error" && last.data.code === "EXECUTION_CANCELLED"
}

const make = Effect.fnUntraced(function* (settings: ShadowSettings) {
  const judge = yield* ShadowJudge
  const ledger = yield* ShadowLedger
  const live = yield* LiveRuns
  const meter = yield* LoadMeter
  const modes = yield* Modes
  const monitor = yield* Monitor
  const pairs = yield* ShadowPairs
  const recorder = yield* Recorder
  const runs = yield* Runs
  const scope = yield* Effect.scope
  const busy = yield* Latch.make(false)
  let shadows = 0
  let utilization = 0

  const measure = Effect.map(meter.utilization, (measured) => {
    utilization = measured
    if (ShadowLoad.isBusy(measured)) busy.openUnsafe()
    else busy.closeUnsafe()
  })
  const trim = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    pairs.trim({ pairs: keptPairs, hour: hourOf(now - keptLedgerMs) }),
  )
  // Both are delayed: the load of the start would count as a busy process, and a start has no pairs to trim.
  yield* Loop.every("shadow_load", Schedule.spaced("1 second"), measure, "1 second")
  yield* Loop.every("shadow_trim", Schedule.spaced("1 minute"), trim, "1 minute")

  const account = (
    { run, turn }: Primary,
    mode: ExecutionMode,
    ending: ShadowEnding,
    progress?: ShadowAttempt.AttemptProgress,
  ) => {
    const { agentId, orgId } = run
    const reported = progress?.attempt?.usage ?? undefined
    const guess = progress === undefined ? 0 : estimateTokens(turn.agent, turn.history, progress.tracer.text)
    const tokens = reported?.tokens ?? guess
    const estimatedTokens = reported === undefined || reported.estimated === true ? tokens : 0
    return ledger.record({ orgId, agentId, mode, ending, tokens, estimatedTokens })
  }

  /** Undefined also if the store cannot supply the part that the log has dropped. */
  const primaryTrace = (log: RunLog, startedAt: number): Effect.Effect<Trace.Trace | undefined> => {
    const tracer = new Trace.LogTracer(startedAt)
    return RunPages.each(RunPages.ofLog(runs, log), 0, log.lastSeq, (entry) => tracer.add(entry)).pipe(
      Effect.map(() => tracer.trace),
      Effect.catch((error) => Effect.as(Effect.logWarning("a shadow was not compared", error), undefined)),
    )
  }

  const compare = Effect.fnUntraced(function* (
    { log, run, turn }: Primary,
    mode: ExecutionMode,
    progress: ShadowAttempt.AttemptProgress,
  ): Effect.fn.Return<ShadowEnding> {
    yield* log.whenEnded
    const primary = yield* primaryTrace(log, run.createdAt)
    const shadow = progress.trace
    if (primary === undefined || shadow === undefined) return "not_comparable"
    const pair = comparePair(run, mode, { primary, shadow }, settings.storeTexts)
    yield* Measure.shadowCompared(pair.differs.length === 0)
    yield* pairs.add(pair).pipe(
      Effect.andThen(judge.offer({ pair, turn, primary: primary.text, shadow: shadow.text })),
      Effect.catch((error) => Effect.logWarning("a shadow pair was not stored", error)),
    )
    return "compared"
  })

  const cancelledByUser = ({ log }: Primary): Effect.Effect<ShadowEnding> =>
    Effect.flatMap(log.whenEnded, () =>
      wasCancelled(log) ? Effect.succeed("cancelled_primary" as const) : Effect.never,
    )

  const program = (primary: Primary, mode: ExecutionMode, executor: Executor["Service"]) => {
    const { run, turn } = primary
    const progress = new ShadowAttempt.AttemptProgress()
    const target = { id: run.id, orgId: run.orgId, ticket: undefined, missing: [] }
    const onAttempt = (attempt: Parameters<typeof recorder.attempt>[1]) => recorder.attempt(target, attempt)
    const attempt = ShadowAttempt.run(executor, turn, { limits: settings.limits, progress, onAttempt })
    const compared = Effect.andThen(attempt, compare(primary, mode, progress))
    const tooBusy = Effect.as(busy.await, "cancelled_load" as const)
    return Effect.raceAllFirst([compared, tooBusy, cancelledByUser(primary)]).pipe(
      Effect.flatMap((ending) => account(primary, mode, ending, progress)),
      Effect.onInterrupt(() => account(primary, mode, "cancelled_stop", progress)),
      Effect.catchCause((cause) => Effect.logError("a shadow run failed by a defect", cause)),
      Effect.annotateLogs({ runId: run.id }),
      Effect.ensuring(
        Effect.sync(() => {
          shadows -= 1
        }),
      ),
    )
  }

  const start: Shadow["Service"]["start"] = Effect.fnUntraced(function* (primary, mode) {
    const [target] = modes.takers(mode, primary.turn)
    if (target === undefined) return
    const breakerOpen = yield* monitor.isFallbackEnabled
    const measures = { shadows, turns: live.count(), utilization, breakerOpen }
    const refused = ShadowLoad.refusal(mode, measures)
    if (refused !== undefined) return yield* account(primary, mode, refused)
    shadows += 1
    yield* Effect.forkIn(program(primary, mode, target), scope)
  })

  return Shadow.of({ start })
})

/**
 * The turns of this process, for operators that watch it live: the last decisions and fallbacks, the decisions by reason, the
 * attempts in flight, and the times to first content.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { OrgId, RunId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import * as DecisionCounts from "./evidence/DecisionCounts.ts"
import * as SlidingWindow from "./evidence/SlidingWindow.ts"

interface TurnEntry {
  /** Epoch milliseconds. */
  readonly at: number
  readonly runId: RunId
  readonly orgId: OrgId
}

interface Decision extends TurnEntry {
  readonly mode: ExecutionMode
  readonly reason: string
}

interface Fallback extends TurnEntry {
  readonly from: ExecutionMode
  readonly to: ExecutionMode
  readonly code: string
}

/** Newest first. */
interface Lists {
  readonly decisions: ReadonlyArray<Decision>
  readonly fallbacks: ReadonlyArray<Fallback>
}

interface State extends Lists {
  readonly counts: DecisionCounts.DecisionCounts
}

/** The attempts of users in one mode. Milliseconds; null without an attempt that showed content. */
export interface Activity {
  readonly inFlight: number
  readonly p50FirstContentMs: number | null
  readonly p95FirstContentMs: number | null
}

const most = 20

const added = <A>(entries: ReadonlyArray<A>, entry: A): ReadonlyArray<A> => [entry, ...entries].slice(0, most)

export class RecentTurns extends Context.Service<
  RecentTurns,
  {
    readonly addDecision: (decision: Decision) => Effect.Effect<void>
    readonly addFallback: (fallback: Fallback) => Effect.Effect<void>
    readonly lists: Effect.Effect<Lists>
    /** The decisions of the last five minutes. */
    readonly decisionCounts: (now: number) => ReadonlyArray<DecisionCounts.DecisionCount>
    readonly attemptStarted: (mode: ExecutionMode) => void
    /** Call it once for each started attempt. `firstContentMs`: from its start; null for an attempt without content. */
    readonly attemptEnded: (mode: ExecutionMode, at: number, firstContentMs: number | null) => void
    /** Over the last `spanMs`. */
    readonly activity: (mode: ExecutionMode, now: number, spanMs: number) => Activity
  }
>()("crossfade/monitoring/RecentTurns") {
  static readonly layer: Layer.Layer<RecentTurns> = Layer.effect(
    RecentTurns,
    Effect.suspend(() => make),
  )
}

/** Plain numbers, because each attempt changes them and nothing waits for them. */
const makeActivity = () => {
  const empty = () => SlidingWindow.make(DecisionCounts.windowMs, { quantiles: true })
  const inFlight: Record<ExecutionMode, number> = { direct_llm: 0, runtime_orchestrator: 0 }
  const contents: Record<ExecutionMode, SlidingWindow.SlidingWindow> = {
    direct_llm: empty(),
    runtime_orchestrator: empty(),
  }
  const attemptStarted = (mode: ExecutionMode): void => {
    inFlight[mode] += 1
  }
  const attemptEnded = (mode: ExecutionMode, at: number, firstContentMs: number | null): void => {
    inFlight[mode] -= 1
    if (firstContentMs === null) return
    contents[mode] = SlidingWindow.record(contents[mode], at, "success", firstContentMs)
  }
  const activity = (mode: ExecutionMode, now: number, spanMs: number): Activity => {
    const { p50LatencyMs, p95LatencyMs, total } = SlidingWindow.summary(
      SlidingWindow.newest(contents[mode], now, spanMs),
      now,
    )
    const shown = (ms: number) => (total === 0 ? null : Math.round(ms))
    return {
      inFlight: inFlight[mode],
      p50FirstContentMs: shown(p50LatencyMs),
      p95FirstContentMs: shown(p95LatencyMs),
    }
  }
  return { attemptStarted, attemptEnded, activity }
}

const make = Effect.map(
  Ref.make<State>({ decisions: [], fallbacks: [], counts: DecisionCounts.empty }),
  (ref): RecentTurns["Service"] => ({
    addDecision: (decision) =>
      Ref.update(ref, (state) => ({
        ...state,
        decisions: added(state.decisions, decision),
        counts: DecisionCounts.add(state.counts, decision),
      })),
    addFallback: (fallback) =>
      Ref.update(ref, (state) => ({ ...state, fallbacks: added(state.fallbacks, fallback) })),
    lists: Ref.get(ref),
    decisionCounts: (now) => DecisionCounts.list(Ref.getUnsafe(ref).counts, now),
    ...makeActivity(),
  }),
)

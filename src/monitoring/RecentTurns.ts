/** The last decisions and fallbacks of this process, for operators that watch it live. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import type { OrgId, RunId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"

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

const most = 20

const added = <A>(entries: ReadonlyArray<A>, entry: A): ReadonlyArray<A> => [entry, ...entries].slice(0, most)

export class RecentTurns extends Context.Service<
  RecentTurns,
  {
    readonly addDecision: (decision: Decision) => Effect.Effect<void>
    readonly addFallback: (fallback: Fallback) => Effect.Effect<void>
    readonly lists: Effect.Effect<Lists>
  }
>()("crossfade/monitoring/RecentTurns") {
  static readonly layer: Layer.Layer<RecentTurns> = Layer.effect(
    RecentTurns,
    Effect.map(Ref.make<Lists>({ decisions: [], fallbacks: [] }), (ref) => ({
      addDecision: (decision) =>
        Ref.update(ref, (lists) => ({ ...lists, decisions: added(lists.decisions, decision) })),
      addFallback: (fallback) =>
        Ref.update(ref, (lists) => ({ ...lists, fallbacks: added(lists.fallbacks, fallback) })),
      lists: Ref.get(ref),
    })),
  )
}

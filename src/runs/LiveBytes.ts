/**
 * The memory budget of all live runs of this process (`MAX_LIVE_BYTES`; the rules are in `ByteBudget`). A too large answer
 * ends its run, never the process.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { getHeapStatistics } from "node:v8"
import { catalogue } from "../telemetry/Metrics.ts"
import { ByteBudget, type Share } from "./ByteBudget.ts"

/** The live runs hold nearly all of their memory budget, so no turn may begin. */
export class MemoryShort extends Schema.TaggedError<MemoryShort>()("MemoryShort", {}) {}

/** The fraction of the heap that live runs may hold. Run ends, the store and the garbage collector need the rest. */
const partOfHeap = 0.3

const defaultLimit = (): number => Math.floor(partOfHeap * getHeapStatistics().heap_size_limit)

export class LiveBytes extends Context.Service<
  LiveBytes,
  {
    /** Fails while no turn may begin. */
    readonly open: Effect.Effect<void, MemoryShort>
    /** The share of a new run. The run must release it. */
    readonly enter: () => Share
    /** Waits until runs may produce more. Undefined when they may now. */
    readonly wait: () => Effect.Effect<void> | undefined
  }
>()("crossfade/runs/LiveBytes") {
  /** `limit`: bytes. Undefined: a fraction of this process's heap limit. */
  static readonly layer = (limit: number | undefined): Layer.Layer<LiveBytes> =>
    Layer.effect(LiveBytes, make(limit ?? defaultLimit()))
}

const make = Effect.fnUntraced(function* (limit: number) {
  const budget = new ByteBudget(limit)
  yield* catalogue.liveBytes.observe({}, () => budget.total)
  yield* catalogue.liveBytesLimit.observe({}, () => limit)
  yield* catalogue.runsEndedForMemory.observe({}, () => budget.ended)
  const room: Effect.Effect<void> = Effect.callback<void>((resume) => {
    if (!budget.isFull) return resume(Effect.void)
    return Effect.sync(budget.onRoom(() => resume(Effect.void)))
  })
  return LiveBytes.of({
    open: Effect.suspend(() => (budget.isShort ? new MemoryShort() : Effect.void)),
    enter: () => budget.enter(),
    wait: () => (budget.isFull ? room : undefined),
  })
})

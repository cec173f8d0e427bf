/**
 * The budget of memory of all live runs of this process (`MAX_LIVE_BYTES`; the rule is `ByteBudget`). An answer that is
 * larger than expected ends one run, never the process.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { getHeapStatistics } from "node:v8"
import { catalogue } from "../telemetry/Metrics.ts"
import { ByteBudget, type Share } from "./ByteBudget.ts"

/** The live runs hold nearly all the memory that they may: no turn begins. */
export class MemoryShort extends Schema.TaggedError<MemoryShort>()("MemoryShort", {}) {}

/** The part of the heap that live runs may hold. Their ends, the store and the collector need the rest. */
const partOfHeap = 0.3

const defaultLimit = (): number => Math.floor(partOfHeap * getHeapStatistics().heap_size_limit)

export class LiveBytes extends Context.Service<
  LiveBytes,
  {
    /** Fails while no turn may begin. */
    readonly open: Effect.Effect<void, MemoryShort>
    /** The share of a run that begins. Each share must also leave. */
    readonly enter: () => Share
    /** Waits until runs may say more. Undefined: they may. */
    readonly wait: () => Effect.Effect<void> | undefined
  }
>()("crossfade/runs/LiveBytes") {
  /** `limit`: bytes; undefined: a part of the heap that this process may have. */
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

/**
 * Counts the cost and the endings of shadows, apart from users' runs. Counted in memory and written in batches,
 * because at a high percentage shadows are dropped as often as turns arrive.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { reasonOf } from "../domain/Reason.ts"
import { hourOf, type LedgerEntry } from "../domain/ShadowPair.ts"
import { ShadowPairs } from "../store/ShadowPairs.ts"
import * as Measure from "../telemetry/Measure.ts"
import * as Loop from "../telemetry/Loop.ts"
import * as StateLine from "../telemetry/StateLine.ts"

/** The most that a crash loses. */
const flushEvery = "5 seconds"
/** Bounds the memory while the store is down. */
const maxWaiting = 10_000

export class ShadowLedger extends Context.Service<
  ShadowLedger,
  {
    readonly record: (entry: Omit<LedgerEntry, "hour" | "runs">) => Effect.Effect<void>
    /** Writes the waiting entries; entries that the store rejects stay waiting. */
    readonly flush: Effect.Effect<void>
  }
>()("crossfade/shadow/ShadowLedger") {
  static readonly layer: Layer.Layer<ShadowLedger, never, ShadowPairs> = Layer.effect(
    ShadowLedger,
    Effect.suspend(() => make),
  )
}

const keyOf = ({ agentId, ending, hour, mode, orgId }: LedgerEntry): string =>
  JSON.stringify([hour, orgId, agentId, mode, ending])

const make = Effect.gen(function* () {
  const pairs = yield* ShadowPairs
  let waiting = new Map<string, LedgerEntry>()

  const put = (entry: LedgerEntry): void => {
    const key = keyOf(entry)
    const found = waiting.get(key)
    if (found === undefined && waiting.size >= maxWaiting) return
    waiting.set(key, {
      ...entry,
      runs: entry.runs + (found?.runs ?? 0),
      tokens: entry.tokens + (found?.tokens ?? 0),
      estimatedTokens: entry.estimatedTokens + (found?.estimatedTokens ?? 0),
    })
  }

  const record: ShadowLedger["Service"]["record"] = (entry) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      put({ ...entry, hour: hourOf(now), runs: 1 })
      return Measure.shadowEnded(entry.mode, entry.ending)
    })

  const line = StateLine.make({
    failing: (reason) => `the shadow ledger is not stored yet: ${reason}`,
    recovered: (failures) => `the shadow ledger is stored again, after ${failures} failures`,
  })
  const flush = Effect.suspend(() => {
    const taken = [...waiting.values()]
    waiting = new Map()
    return pairs.count(taken).pipe(
      Effect.andThen(line.succeeded),
      Effect.catch((error) => {
        for (const entry of taken) put(entry)
        return line.failed(reasonOf(error))
      }),
    )
  })

  yield* Loop.every("shadow_ledger", Schedule.spaced(flushEvery), flush)
  yield* Effect.addFinalizer(() => flush)
  return ShadowLedger.of({ record, flush })
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import type { LedgerEntry } from "../../src/domain/ShadowPair.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { ShadowLedger } from "../../src/shadow/ShadowLedger.ts"
import { orgId } from "../support/fixtures.ts"

const store = () => ({ written: [] as Array<ReadonlyArray<LedgerEntry>>, down: false })
type Store = ReturnType<typeof store>

const layer = (kept: Store) =>
  ShadowLedger.layer.pipe(
    Layer.provide(
      Layer.mock(ShadowPairs, {
        count: (entries) =>
          Effect.suspend(() => {
            if (kept.down)
              return Effect.fail(new StoreError({ operation: "ShadowPairs.count", cause: "down" }))
            if (entries.length > 0) kept.written.push(entries)
            return Effect.void
          }),
      }),
    ),
  )

const record = (tokens: number, ending: LedgerEntry["ending"] = "compared") =>
  ShadowLedger.use((ledger) =>
    ledger.record({ orgId, agentId: defaultAgentId, mode: "direct_llm", ending, tokens, estimatedTokens: 1 }),
  )
const summary = (kept: Store) =>
  kept.written.map((entries) => entries.map(({ ending, hour, runs, tokens }) => [hour, ending, runs, tokens]))

describe("the ledger of shadows", () => {
  it.effect("is written every five seconds, with equal entries added up per hour", () => {
    const kept = store()
    const hour = 3_600_000
    return Effect.gen(function* () {
      yield* TestClock.adjust(hour - 2000)
      yield* record(10)
      yield* record(20)
      yield* record(0, "dropped_busy")
      yield* TestClock.adjust(2000)
      yield* record(40)
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(summary(kept).flat(), [
        [0, "compared", 2, 30],
        [0, "dropped_busy", 1, 0],
        [hour, "compared", 1, 40],
      ])
      assert.isAtMost(kept.written.length, 2)
    }).pipe(Effect.provide(layer(kept)))
  })

  it.effect("waits for a store that is down, and continues to count", () => {
    const kept = { ...store(), down: true }
    return Effect.gen(function* () {
      yield* record(10)
      yield* TestClock.adjust(5000)
      yield* record(20)
      kept.down = false
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(summary(kept), [[[0, "compared", 2, 30]]])
    }).pipe(Effect.provide(layer(kept)))
  })

  it.effect("is written when the service stops", () => {
    const kept = store()
    return Effect.gen(function* () {
      yield* record(10).pipe(Effect.provide(layer(kept)))
      assert.deepStrictEqual(summary(kept), [[[0, "compared", 1, 10]]])
    })
  })
})

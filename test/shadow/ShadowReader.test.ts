import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { ShadowLedger } from "../../src/shadow/ShadowLedger.ts"
import { ShadowReader } from "../../src/shadow/ShadowReader.ts"
import { pair } from "./traces.ts"

/** The newest pair is the last; pages are as the port specifies. */
const reading = (count: number) => {
  const kept = Array.from({ length: count }, (_, n) => pair(n)).toReversed()
  const store = Layer.mock(ShadowPairs, {
    page: (_, { before, limit }) => {
      const older = kept.filter(({ runId }) => before === undefined || runId < before)
      const entries = older.slice(0, limit)
      return Effect.succeed({ entries, next: older.length > limit ? (entries.at(-1)?.runId ?? null) : null })
    },
    count: () => Effect.void,
    ledger: () => Effect.succeed([]),
  })
  return ShadowReader.layer.pipe(Layer.provide(ShadowLedger.layer), Layer.provide(store))
}

describe("the report over the store", () => {
  it.effect.each([0, 1, 499, 500, 501, 1234])("has every one of %d pairs, once", (count) =>
    Effect.gen(function* () {
      const report = yield* ShadowReader.use((reader) => reader.report({}))
      assert.strictEqual(report.pairs, count)
    }).pipe(Effect.provide(reading(count))),
  )
})

import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Purger } from "../../src/deletion/Purger.ts"
import { AnswerCache } from "../../src/execution/direct/AnswerCache.ts"
import { FileContents } from "../../src/files/FileContents.ts"
import { SharedLogs } from "../../src/sharing/SharedLogs.ts"
import { Purge } from "../../src/store/Purge.ts"

const day = 86_400_000

/** The times up to which one pass removes deleted rows. */
const removedUpTo = Effect.fnUntraced(function* (graceMs: number) {
  const times: Array<number> = []
  const purge = Layer.mock(Purge, {
    isDue: () => Effect.succeed(true),
    claim: () => Effect.succeed(true),
    hold: () => Effect.void,
    step: (deletedBy) => Effect.sync(() => void times.push(deletedBy)),
    files: (deletedBy) =>
      Effect.as(
        Effect.sync(() => times.push(deletedBy)),
        [],
      ),
    wipe: Effect.succeed(false),
  })
  const others = Layer.mergeAll(
    Layer.mock(AnswerCache, {}),
    Layer.mock(FileContents, {}),
    SharedLogs.layerAlone,
  )
  const layer = Purger.layer({ graceMs, cacheOrgs: new Set() })
  yield* Effect.flatMap(Purger, ({ drain }) => drain).pipe(
    Effect.provide(layer.pipe(Layer.provide([purge, others]))),
  )
  return [...new Set(times)]
})

it.effect("a purge begins a minute after the grace time, and at once without one", () =>
  Effect.gen(function* () {
    const now = 100 * day
    yield* TestClock.setTime(now)
    assert.deepStrictEqual(yield* removedUpTo(30 * day), [70 * day - 60_000])
    assert.deepStrictEqual(yield* removedUpTo(0), [now])
  }),
)

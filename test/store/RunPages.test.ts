import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as RunPages from "../../src/store/RunPages.ts"
import { Runs } from "../../src/store/Runs.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { noon, runId, text } from "../support/fixtures.ts"

/** A log of 1000 events of 1 kB. The store has received all, and returns those that `stored` accepts. */
const forgetful = (stored: (entry: LogEntry) => boolean) => {
  const log = new RunLog(runId)
  for (let n = 1; n <= 1000; n++) log.message(text("x".repeat(1000)), noon)
  const all = log.read(0)
  log.stored(1000)
  let asked = 0
  const runs = Layer.mock(Runs, {
    events: (_, after) =>
      Effect.sync(() => {
        asked += 1
        return all.filter((entry) => entry.seq > after && stored(entry)).slice(0, 50)
      }),
  })
  const pages = Effect.map(Runs, (service) => RunPages.ofLog(service, log))
  return { asked: () => asked, log, pages: Effect.provide(pages, runs) }
}

describe("the pages of a live log", () => {
  it.effect("are read from the store if the log has dropped them, and then from the log", () =>
    Effect.gen(function* () {
      const { asked, log, pages } = forgetful(() => true)
      const seqs: Array<number> = []
      yield* RunPages.each(yield* pages, 10, 990, ({ seq }) => void seqs.push(seq))
      assert.deepStrictEqual(
        seqs,
        Array.from({ length: 980 }, (_, n) => n + 11),
      )
      const before = asked()
      assert.isAbove(before, 10)
      yield* RunPages.each(yield* pages, 995, log.lastSeq, () => {})
      assert.strictEqual(asked(), before)
    }),
  )

  it.effect("are waited for until the store has them", () =>
    Effect.gen(function* () {
      let there = false
      const { pages } = forgetful(() => there)
      const page = yield* Effect.forkChild((yield* pages)(0))
      yield* TestClock.adjust("1 second")
      there = true
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(page))[0]?.seq, 1)
    }),
  )

  it.effect("fail if the store never gets them", () =>
    Effect.gen(function* () {
      const { pages } = forgetful(() => false)
      const page = yield* Effect.forkChild(Effect.flip((yield* pages)(0)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(page))._tag, "StoreError")
    }),
  )

  it.effect("end when the reader has seen enough", () =>
    Effect.gen(function* () {
      const { pages } = forgetful(() => true)
      const seqs: Array<number> = []
      yield* RunPages.each(yield* pages, 0, 1000, ({ seq }) => {
        seqs.push(seq)
        return seq < 3
      })
      assert.deepStrictEqual(seqs, [1, 2, 3])
    }),
  )
})

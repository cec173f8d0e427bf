import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { frameOf } from "../../src/protocol/agent2ui/Frame.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import { noon, runId, text } from "../support/fixtures.ts"
import { done, filled } from "./runLogs.ts"

describe("readers of a RunLog", () => {
  it.effect("each has a cursor of its own and gets every entry once, however they wait", () =>
    Effect.gen(function* () {
      const log = new RunLog(runId)
      const read = (pace: number) =>
        Effect.gen(function* () {
          const got: Array<number> = []
          while (got.at(-1) !== 21) {
            yield* log.changed(got.length)
            got.push(...log.read(got.length).map(({ seq }) => seq))
            for (let n = 0; n < pace; n++) yield* Effect.yieldNow
          }
          return got
        })
      const readers = yield* Effect.forEach([0, 1, 7, 50], (pace) => Effect.forkChild(read(pace)))
      for (let n = 1; n <= 20; n++) {
        log.message(text(`${n}`), noon)
        if (n % 3 === 0) yield* Effect.yieldNow
      }
      log.end(done)
      for (const got of yield* Fiber.joinAll(readers)) {
        assert.deepStrictEqual(
          got,
          Array.from({ length: 21 }, (_, index) => index + 1),
        )
      }
    }),
  )

  it.effect("changed succeeds at once for what is there already", () =>
    Effect.gen(function* () {
      const log = filled(2)
      yield* log.changed(0)
      yield* log.changed(1)
      const waiting = yield* Effect.forkChild(log.changed(2))
      yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      log.end(done)
      yield* Fiber.join(waiting)
    }),
  )

  it.effect("whenEnded succeeds at the end and not before, also for who comes later", () =>
    Effect.gen(function* () {
      const log = filled(1)
      const waiting = yield* Effect.forkChild(log.whenEnded, { startImmediately: true })
      log.message(text("more"), 0)
      yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      log.end(done)
      yield* Fiber.join(waiting)
      yield* log.whenEnded
    }),
  )

  it("a listener is called once, at the next entry, and not at all when it was taken back", () => {
    const log = filled(1)
    const calls: Array<string> = []
    log.onNext(() => calls.push("a"))
    const off = log.onNext(() => calls.push("b"))
    log.onNext(() => calls.push("c"))
    off()
    log.message(text("x"), noon)
    log.message(text("y"), noon)
    off()
    assert.deepStrictEqual(calls, ["a", "c"])
  })

  it.effect("fault 16: an interrupted reader leaves nothing behind", () =>
    Effect.gen(function* () {
      const log = filled(1)
      let listening = 0
      const onNext = log.onNext.bind(log)
      log.onNext = (listener) => {
        listening += 1
        const off = onNext(listener)
        return () => {
          listening -= 1
          off()
        }
      }
      const waiting = yield* Effect.forkChild(log.changed(1))
      yield* Effect.yieldNow
      assert.strictEqual(listening, 1)
      yield* Fiber.interrupt(waiting)
      assert.strictEqual(listening, 0)
    }),
  )

  it.prop(
    "a copy of a log, made of pieces that overlap, come twice or leave gaps, is a beginning of it, byte by byte",
    {
      pieces: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])).check(Schema.isMaxLength(20)),
      ended: Schema.Boolean,
    },
    ({ ended, pieces }) => {
      const log = filled(10)
      if (ended) log.end(done)
      const copy = new RunLog(runId)
      for (const [from, count] of pieces) {
        const at = Math.abs(from) % 11
        copy.copy(log.read(at).slice(0, Math.abs(count) % 6))
      }
      const frames = (of: RunLog) => of.read(0).map((entry) => frameOf(runId, entry))
      assert.deepStrictEqual(frames(copy), frames(log).slice(0, copy.lastSeq))
      copy.copy(log.read(copy.lastSeq))
      assert.deepStrictEqual(frames(copy), frames(log))
      assert.strictEqual(copy.ended, ended)
    },
  )

  it.effect("who waits for the end of a copy is woken by it", () =>
    Effect.gen(function* () {
      const copy = new RunLog(runId)
      const waiting = yield* Effect.forkChild(copy.whenEnded)
      yield* Effect.yieldNow
      copy.copy([{ seq: 1, event: done }])
      yield* Fiber.join(waiting)
    }),
  )
})

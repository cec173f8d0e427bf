import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Timeouts from "../../src/platform/Timeouts.ts"

const world = Effect.contextWith((context: Context.Context<never>) =>
  Effect.sync(() => {
    const due: Array<string> = []
    const timeouts = Timeouts.make(context, 1000)
    const begun = (name: string, then?: () => void) => {
      const wait = Timeouts.wait(() => {
        due.push(name)
        then?.()
      })
      timeouts.begin(wait)
      return wait
    }
    return { begun, due, end: timeouts.end }
  }),
)

describe("timeouts", () => {
  it.effect("end each wait at its own time, once", () =>
    Effect.gen(function* () {
      const { begun, due } = yield* world
      begun("a")
      yield* TestClock.adjust(400)
      begun("b")
      yield* TestClock.adjust(599)
      assert.deepStrictEqual(due, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["a"])
      yield* TestClock.adjust(399)
      assert.deepStrictEqual(due, ["a"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["a", "b"])
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(due, ["a", "b"])
    }),
  )

  it.effect("do not end a wait that has ended, and begin again after the last one", () =>
    Effect.gen(function* () {
      const { begun, due, end } = yield* world
      const [a, b] = [begun("a"), begun("b")]
      end(a)
      end(a)
      yield* TestClock.adjust(500)
      end(b)
      begun("c")
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(due, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["c"])
      begun("d")
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["c", "d"])
    }),
  )

  it.effect("hold for a wait that begins as the last one is due", () =>
    Effect.gen(function* () {
      const { begun, due, end } = yield* world
      const first = begun("a", () => {
        end(first)
        begun("b", () => void begun("c"))
      })
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["a"])
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["a", "b"])
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["a", "b", "c"])
    }),
  )
})

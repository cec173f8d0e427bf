import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as IdleTimers from "../../src/platform/IdleTimers.ts"

const afterMs = 1000

interface Thing extends IdleTimers.Due<Thing> {
  readonly name: string
}

const world = Effect.gen(function* () {
  const due: Array<string> = []
  const overdue = yield* IdleTimers.make(afterMs, ({ name }: Thing) => Effect.sync(() => void due.push(name)))
  yield* Effect.yieldNow
  const things = new Map(
    ["a", "b", "c", "never there"].map((name) => [name, { name, ...IdleTimers.untouched }]),
  )
  return {
    due,
    touch: (name: string) => overdue.touch(things.get(name)!),
    forget: (name: string) => overdue.remove(things.get(name)!),
    watched: () => [...overdue.all()].map(({ name }) => name),
  }
})

describe("what is overdue", () => {
  it.effect("is told once, so long after something last happened to it, each at its time", () =>
    Effect.gen(function* () {
      const { due, touch } = yield* world
      touch("a")
      yield* TestClock.adjust(400)
      touch("b")
      yield* TestClock.adjust(500)
      touch("a")
      yield* TestClock.adjust(499)
      assert.deepStrictEqual(due, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["b"])
      yield* TestClock.adjust(499)
      assert.deepStrictEqual(due, ["b"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["b", "a"])
      yield* TestClock.adjust(10 * afterMs)
      assert.deepStrictEqual(due, ["b", "a"])
    }),
  )

  it.effect("is not told of what was forgotten, nor of what comes when nothing was there for a while", () =>
    Effect.gen(function* () {
      const { due, forget, touch, watched } = yield* world
      touch("a")
      touch("b")
      touch("a")
      assert.deepStrictEqual(watched(), ["b", "a"])
      forget("a")
      forget("never there")
      assert.deepStrictEqual(watched(), ["b"])
      yield* TestClock.adjust(afterMs)
      assert.deepStrictEqual(due, ["b"])
      yield* TestClock.adjust(5 * afterMs)
      touch("c")
      yield* TestClock.adjust(afterMs - 1)
      assert.deepStrictEqual(due, ["b"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["b", "c"])
    }),
  )

  it.effect("may be touched again as it is told, and comes again", () =>
    Effect.gen(function* () {
      let beats = 0
      const overdue: IdleTimers.IdleTimers<Thing> = yield* IdleTimers.make(afterMs, (one: Thing) =>
        Effect.sync(() => {
          beats += 1
          overdue.touch(one)
        }),
      )
      yield* Effect.yieldNow
      overdue.touch({ name: "a", ...IdleTimers.untouched })
      for (let step = 0; step < 30; step++) yield* TestClock.adjust(100)
      assert.strictEqual(beats, 3)
    }),
  )
})

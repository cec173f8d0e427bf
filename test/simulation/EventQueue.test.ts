import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { EventQueue } from "../../src/simulation/EventQueue.ts"

const times = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })))

describe("the event queue", () => {
  it.prop(
    "comes by time, and of one time in the order in which it was added",
    [times],
    ([added]) => {
      const queue = new EventQueue<number>()
      added.forEach((at, number) => queue.add(at, number))
      const taken = added.map(() => {
        const { nextAt } = queue
        const next = queue.take()
        assert.strictEqual(next?.at, nextAt)
        return next?.event ?? -1
      })
      const expected = added
        .map((at, number) => ({ at, number }))
        .toSorted((a, b) => a.at - b.at || a.number - b.number)
        .map(({ number }) => number)
      assert.deepStrictEqual(taken, expected)
      assert.strictEqual(queue.nextAt, Number.POSITIVE_INFINITY)
      assert.isUndefined(queue.take())
    },
    { arbitrary: { size: 100 } },
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as OrderedMap from "../../src/platform/OrderedMap.ts"

const step = Schema.Struct({
  act: Schema.Literals(["set", "append", "append", "remove"]),
  key: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
})

const entries = (map: OrderedMap.OrderedMap<string, number>) => [...OrderedMap.values(map)]

describe("OrderedMap", () => {
  it.prop(
    "has the entries and the order of a Map, and no step changes the map before it",
    [Schema.Array(step).check(Schema.isMaxLength(3000))],
    ([steps]) => {
      const model = new Map<string, number>()
      let map = OrderedMap.empty<string, number>()
      for (const [index, { act, key }] of steps.entries()) {
        const name = `key ${key}`
        const before = map
        const [size, values] = [OrderedMap.size(before), index % 50 === 0 ? entries(before) : undefined]
        if (act === "remove") map = OrderedMap.remove(map, name)
        else if (act === "set") map = OrderedMap.set(map, name, index)
        else map = OrderedMap.append(map, name, index)
        if (act !== "set") model.delete(name)
        if (act !== "remove") model.set(name, index)
        assert.strictEqual(OrderedMap.get(map, name), model.get(name))
        assert.strictEqual(OrderedMap.size(before), size)
        if (values !== undefined) assert.deepStrictEqual(entries(before), values)
      }
      assert.deepStrictEqual(entries(map), [...model.values()])
      assert.strictEqual(OrderedMap.size(map), model.size)
    },
    { arbitrary: { runs: 50, size: 3000 } },
  )

  it("holds its order over more places than one level of the tree has", () => {
    let map = OrderedMap.empty<string, number>()
    for (let number = 0; number < 2500; number++) map = OrderedMap.append(map, `key ${number}`, number)
    for (let number = 0; number < 2500; number += 2) map = OrderedMap.append(map, `key ${number}`, number)
    const odd = Array.from({ length: 1250 }, (_, index) => 2 * index + 1)
    const even = odd.map((number) => number - 1)
    assert.deepStrictEqual(entries(map), [...odd, ...even])
    for (const number of even) map = OrderedMap.remove(map, `key ${number}`)
    assert.deepStrictEqual(entries(map), odd)
  })
})

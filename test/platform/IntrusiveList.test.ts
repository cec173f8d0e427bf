import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as IntrusiveList from "../../src/platform/IntrusiveList.ts"
import { between, list, long } from "../monitoring/schedules.ts"

interface Thing extends IntrusiveList.Links<Thing> {
  readonly name: number
}

const someThings = () =>
  Array.from({ length: 6 }, (_, name): Thing => ({ name, older: undefined, newer: undefined }))
const forwards = (linked: IntrusiveList.IntrusiveList<Thing>): ReadonlyArray<number> =>
  [...IntrusiveList.each(linked)].map(({ name }) => name)
const backwards = (linked: IntrusiveList.IntrusiveList<Thing>): Array<number> => {
  const names = []
  for (let one = linked.newest; one !== undefined; one = one.older) names.push(one.name)
  return names
}

describe("things that are linked", () => {
  it.prop(
    "are in the order in which they were last put at the end, whatever comes and goes",
    [list(Schema.Struct({ of: between(0, 5), leaves: Schema.Boolean }), 100)],
    ([steps]) => {
      const things = someThings()
      const linked = IntrusiveList.empty<Thing>()
      let expected: Array<number> = []
      for (const { leaves, of } of steps) {
        expected = expected.filter((name) => name !== of)
        if (leaves) IntrusiveList.remove(linked, things[of]!)
        else {
          IntrusiveList.append(linked, things[of]!)
          expected.push(of)
        }
        assert.deepStrictEqual(forwards(linked), expected)
        assert.deepStrictEqual(backwards(linked), expected.toReversed())
      }
    },
    long(),
  )

  it("refer to nothing once they have left", () => {
    const things = someThings()
    const linked = IntrusiveList.empty<Thing>()
    for (const one of things) IntrusiveList.remove(linked, one)
    for (const one of things) IntrusiveList.append(linked, one)
    for (const one of IntrusiveList.each(linked)) if (one.name % 2 === 0) IntrusiveList.remove(linked, one)
    assert.deepStrictEqual(forwards(linked), [1, 3, 5])
    const left = things.filter(({ name }) => name % 2 === 0)
    for (const { newer, older } of left) assert.deepStrictEqual([newer, older], [undefined, undefined])
  })
})

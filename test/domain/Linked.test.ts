import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Linked from "../../src/domain/Linked.ts"
import { between, list, long } from "../monitoring/schedules.ts"

interface Thing extends Linked.Links<Thing> {
  readonly name: number
}

const someThings = () =>
  Array.from({ length: 6 }, (_, name): Thing => ({ name, older: undefined, newer: undefined }))
const forwards = (linked: Linked.Linked<Thing>): ReadonlyArray<number> =>
  [...Linked.each(linked)].map(({ name }) => name)
const backwards = (linked: Linked.Linked<Thing>): Array<number> => {
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
      const linked = Linked.empty<Thing>()
      let expected: Array<number> = []
      for (const { leaves, of } of steps) {
        expected = expected.filter((name) => name !== of)
        if (leaves) Linked.remove(linked, things[of]!)
        else {
          Linked.append(linked, things[of]!)
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
    const linked = Linked.empty<Thing>()
    for (const one of things) Linked.remove(linked, one)
    for (const one of things) Linked.append(linked, one)
    for (const one of Linked.each(linked)) if (one.name % 2 === 0) Linked.remove(linked, one)
    assert.deepStrictEqual(forwards(linked), [1, 3, 5])
    const left = things.filter(({ name }) => name % 2 === 0)
    for (const { newer, older } of left) assert.deepStrictEqual([newer, older], [undefined, undefined])
  })
})

import { describe, expect, it } from "vitest"
import * as Linked from "../../src/domain/Linked.ts"

interface Thing extends Linked.Links<Thing> {
  readonly name: number
}

const someThings = () =>
  Array.from({ length: 6 }, (_, name): Thing => ({ name, older: undefined, newer: undefined }))
const backwards = (list: Linked.Linked<Thing>): Array<number> => {
  const names = []
  for (let one = list.newest; one !== undefined; one = one.older) names.push(one.name)
  return names
}

describe("things that are linked", () => {
  it("are in the order in which they were last put at the end, whatever comes and goes", () => {
    const things = someThings()
    const list = Linked.empty<Thing>()
    let expected: Array<number> = []
    // A full period of a small congruential generator: every step comes in many states.
    for (let step = 0, state = 1; step < 5000; step++) {
      state = (state * 1103515245 + 12345) % 2147483648
      const one = things[(state >> 8) % things.length]!
      expected = expected.filter((name) => name !== one.name)
      if ((state >> 16) % 3 === 0) Linked.remove(list, one)
      else {
        Linked.append(list, one)
        expected.push(one.name)
      }
      expect([...Linked.each(list)].map(({ name }) => name)).toEqual(expected)
      expect(backwards(list)).toEqual(expected.toReversed())
    }
  })

  it("refer to nothing once they have left", () => {
    const things = someThings()
    const list = Linked.empty<Thing>()
    for (const one of things) Linked.remove(list, one)
    for (const one of things) Linked.append(list, one)
    for (const one of Linked.each(list)) if (one.name % 2 === 0) Linked.remove(list, one)
    expect([...Linked.each(list)].map(({ name }) => name)).toEqual([1, 3, 5])
    const left = things.filter(({ name }) => name % 2 === 0)
    expect(left.flatMap(({ newer, older }) => [newer, older])).toEqual(Array(6).fill(undefined))
  })
})

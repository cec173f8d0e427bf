import { assert, describe, it } from "@effect/vitest"
import { dimensions, type Distances } from "../../src/domain/ShadowPair.ts"
import { compare, differences } from "../../src/shadow/Comparison.ts"
import { AnyTrace, trace } from "./traces.ts"

const often = { arbitrary: { runs: 500 } }

describe("the distance of two traces", () => {
  it.prop(
    "is symmetric and within 0 and 1",
    { a: AnyTrace, b: AnyTrace },
    ({ a, b }) => {
      const distances = compare(a, b)
      assert.deepStrictEqual(distances, compare(b, a))
      for (const dimension of dimensions) {
        const distance = distances[dimension]
        if (distance === null) continue
        assert.isAtLeast(distance, 0)
        assert.isAtMost(distance, 1)
      }
    },
    often,
  )

  it.prop(
    "is 0 from a trace to itself in every dimension that applies",
    { a: AnyTrace },
    ({ a }) => {
      const distances = compare(a, structuredClone(a))
      assert.deepStrictEqual(
        Object.values(distances).filter((distance) => distance !== null && distance !== 0),
        [],
      )
      assert.deepStrictEqual(differences(distances), [])
    },
    often,
  )

  it("compares only the outcomes of an answer and a failure", () => {
    const distances = compare(trace(), trace({ outcome: "timeout", code: "TIMEOUT_STALL", text: "" }))
    assert.deepStrictEqual(differences(distances), ["outcome"])
    assert.deepStrictEqual(
      Object.entries(distances).filter(([, distance]) => distance !== null),
      [["outcome", 1]],
    )
  })
})

const call = (name: string, args = "{}") => ({ name, arguments: args })

/** The changed fields, and the expected distances. */
const cases: ReadonlyArray<
  readonly [string, Parameters<typeof trace>[0], Parameters<typeof trace>[0], Partial<Distances>]
> = [
  ["one type more out of three", {}, { types: ["thinking", "tool_call", "text"] }, { sequence: 1 / 3 }],
  ["types in another order", { types: ["text", "file"] }, { types: ["file", "text"] }, { sequence: 1 }],
  [
    "another tool",
    { calls: [call("search")] },
    { calls: [call("charge")] },
    { tools: 1, toolArguments: null },
  ],
  [
    "a tool called twice",
    { calls: [call("search")] },
    { calls: [call("search"), call("search")] },
    { tools: 0.5, toolArguments: 0 },
  ],
  [
    "the second call with other arguments",
    { calls: [call("search"), call("search", '{"q":1}')] },
    { calls: [call("search"), call("search", '{"q":2}')] },
    { tools: 0, toolArguments: 0.5 },
  ],
  ["no plan on one side", { steps: ["Search", "Write"] }, {}, { plan: 1 }],
  [
    "titles in another case, one more",
    { steps: ["Search", "Write"] },
    { steps: ["search", "write ", "check"] },
    { plan: 1 / 3 },
  ],
  ["twice as slow", { totalMs: 2000 }, { totalMs: 4000 }, { total: 0.5 }],
  ["another language", { language: "en" }, { language: "de" }, { language: 1 }],
  ["an unknown language", { language: "en" }, { language: "unknown" }, { language: null }],
  ["unknown tokens", { tokens: null }, {}, { tokens: null }],
]

describe("each dimension", () => {
  it.each(cases)("%s", (_, a, b, expected) => {
    const distances = compare(trace(a), trace(b))
    for (const [dimension, distance] of Object.entries(expected)) {
      const found = distances[dimension as keyof Distances]
      if (distance === null || found === null) assert.strictEqual(found, distance)
      else assert.closeTo(found, distance, 1e-9)
    }
  })

  it("agrees within its tolerance: a factor of two in time, not more", () => {
    assert.deepStrictEqual(differences(compare(trace(), trace({ totalMs: 4000 }))), [])
    assert.deepStrictEqual(differences(compare(trace(), trace({ totalMs: 4100 }))), ["total"])
  })
})

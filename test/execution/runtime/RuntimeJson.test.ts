import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as RuntimeJson from "../../../src/execution/runtime/RuntimeJson.ts"

describe("JSON as Python writes it", () => {
  it("reads NaN and both infinities as null, and leaves text as it is", () => {
    assert.deepStrictEqual(
      RuntimeJson.parse('{"a": NaN, "b": [Infinity, -Infinity, 1], "c": "NaN \\" Infinity", "NaN": -1}'),
      { a: null, b: [null, null, 1], c: 'NaN " Infinity', NaN: -1 },
    )
    assert.isNull(RuntimeJson.parse("NaN"))
    assert.strictEqual(RuntimeJson.parse('"-Infinity"'), "-Infinity")
  })

  it.each(["{", "", "NaNa", "xNaN", "[Infinity", '"Infinity', '{"a": "\\', "--Infinity"])(
    "does not make JSON of what is none: %j",
    (text) => {
      assert.throws(() => RuntimeJson.parse(text))
    },
  )

  it("reads a long string beside NaN", () => {
    const text = '\\\\"NaN'.repeat(1)
    const long = JSON.stringify(`${text}${"NaN,\\ ".repeat(100_000)}`)
    assert.deepStrictEqual(RuntimeJson.parse(`[${long}, NaN]`), [JSON.parse(long), null])
  })

  it.prop("reads any JSON as JSON.parse does, beside NaN too", [Schema.Json], ([json]) => {
    const text = JSON.stringify(json)
    assert.deepStrictEqual(RuntimeJson.parse(text), JSON.parse(text))
    assert.deepStrictEqual(RuntimeJson.parse(`[NaN,${text},Infinity]`), [null, JSON.parse(text), null])
  })
})

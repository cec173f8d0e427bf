import * as Option from "effect/Option"
import { expect, it } from "vitest"
import { textOfStart } from "../../src/store/SearchText.ts"

/** The database reads this many characters of the JSON. */
const read = 200_000

it("reads a JSON string whole, or its start cut at any character", () => {
  expect(Option.getOrThrow(textOfStart(JSON.stringify('a "b" \\ \n \ud800')))).toBe('a "b" \\ \n \ud800')
  for (const unit of ["a", '"', "\\", "\n", "\ud800", "é", "\u0001"])
    for (let shift = 0; shift < 7; shift++) {
      const text = "x".repeat(shift) + unit.repeat(read)
      const start = Option.getOrThrow(textOfStart(JSON.stringify(text).slice(0, read)))
      expect(text.startsWith(start)).toBe(true)
      expect(start.length).toBeGreaterThan(read / 6 - 10)
    }
})

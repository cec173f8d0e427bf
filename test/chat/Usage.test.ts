import { assert, describe, it } from "@effect/vitest"
import { usageOf } from "../../src/chat/TurnOutcome.ts"
import { agent } from "../support/fixtures.ts"

describe("the usage of a run", () => {
  it("is what the provider reported, unmarked", () => {
    assert.deepStrictEqual(usageOf({ tokens: 42 }, agent(), [], "answer"), { tokens: 42 })
    assert.deepStrictEqual(usageOf({ tokens: 0 }, agent(), [], "answer"), { tokens: 0 })
  })

  it("fault 8: is a guess from all that was sent and answered where the provider reported none, and marked as one", () => {
    const guess = usageOf(
      undefined,
      agent({ systemPrompt: "x".repeat(10) }),
      [
        { role: "user", content: "x".repeat(400) },
        { role: "assistant", content: "汉".repeat(400) },
        { role: "user", content: "x".repeat(20) },
      ],
      "x".repeat(71),
    )
    assert.deepStrictEqual(guess, { tokens: 3 + 100 + 300 + 5 + 18, estimated: true })
  })
})

import { describe, expect, it } from "vitest"
import { tokensOf } from "../../src/chat/TurnTokens.ts"
import type { Attempt } from "../../src/domain/Run.ts"
import { agent, noon } from "../support/fixtures.ts"

/** Ten tokens of instructions and ten of messages, by the estimate. */
const turn = {
  agent: agent({ systemPrompt: "x".repeat(40) }),
  history: [{ role: "user" as const, content: "x".repeat(40) }],
}

const attempt = (fields: Partial<Attempt>): Attempt => ({
  number: 1,
  mode: "direct_llm",
  target: "a",
  shadow: false,
  startedAt: noon,
  firstProgressAt: noon + 1,
  firstContentAt: noon + 1,
  endedAt: noon + 2,
  outcome: "success",
  code: null,
  usage: null,
  model: null,
  failure: null,
  ...fields,
})
const silent = { firstProgressAt: null, firstContentAt: null }
const shown = "x".repeat(20)

describe("the tokens that a turn takes", () => {
  it.each<[string, number, ReadonlyArray<Partial<Attempt>>]>([
    ["are those that the upstream reports", 42, [{ usage: { tokens: 42 } }]],
    ["are none where the answer had been given before", 0, [{ usage: { tokens: 42, cached: true } }]],
    ["are estimated where it reports none: the prompt and the text", 25, [{}]],
    [
      "count an attempt that failed after it had begun to answer",
      20 + 42,
      [{ outcome: "error", code: "UPSTREAM_TRUNCATED" }, { usage: { tokens: 42 } }],
    ],
    [
      "count what a failed attempt reported",
      5 + 42,
      [{ outcome: "error", code: "UPSTREAM_EMPTY", usage: { tokens: 5 } }, { usage: { tokens: 42 } }],
    ],
    [
      "count nothing for an attempt that was refused",
      42,
      [
        { ...silent, outcome: "error", code: "UPSTREAM_UNAVAILABLE" },
        { ...silent, outcome: "neutral", code: "UPSTREAM_RATE_LIMITED" },
        { usage: { tokens: 42 } },
      ],
    ],
    [
      "count the prompt of an attempt that timed out in silence",
      20 + 42,
      [
        { ...silent, outcome: "timeout_first_content", code: "TIMEOUT_FIRST_CONTENT" },
        { usage: { tokens: 42 } },
      ],
    ],
    [
      "count the prompt and the shown text of a turn that was cancelled",
      25,
      [{ ...silent, outcome: "neutral", code: "EXECUTION_CANCELLED" }],
    ],
    ["are none without an attempt", 0, []],
  ])("%s", (_, tokens, attempts) => {
    expect(tokensOf(turn, attempts.map(attempt), shown)).toBe(tokens)
  })
})

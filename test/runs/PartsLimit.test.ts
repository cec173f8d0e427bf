import { assert, describe, it } from "@effect/vitest"
import { eventId } from "../../src/domain/EventId.ts"
import { jsonBytes } from "../../src/domain/Page.ts"
import { type Draft, envelop, type Message } from "../../src/protocol/agent2ui/Message.ts"
import { limited } from "../../src/runs/PartsLimit.ts"
import { noon, runId, table, text, thinking, toolCall } from "../support/fixtures.ts"

const partsOf = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<Message> =>
  drafts.map((draft, index) => envelop(draft, eventId(runId, index + 1), new Date(noon).toISOString()))
const long = "x".repeat(2000)
const result: Draft = {
  type: "tool_result",
  data: { toolName: "search", result: long, success: true },
  metadata: { callId: "c1" },
}

describe("stored parts beyond their limit", () => {
  it("stay as they are below it", () => {
    const parts = partsOf(text(long), thinking(long), table)
    assert.strictEqual(limited(runId, parts, 100_000), parts)
    assert.deepStrictEqual(limited(runId, [], 0), [])
  })

  it("keep their texts whole, lose the largest other parts first, and say so", () => {
    const parts = partsOf(
      text(long),
      thinking(long),
      toolCall("c1"),
      result,
      text(`${long}!`),
      thinking("short"),
    )
    const rest = limited(runId, parts, 5500)
    assert.deepStrictEqual(
      rest.map(({ type }) => type),
      ["text", "tool_call", "tool_result", "text", "thinking", "error"],
    )
    assert.isAtMost(jsonBytes(rest.slice(0, -1)), 5500)
    const texts = rest.flatMap((part) => (part.type === "text" ? [part.data.content] : []))
    assert.deepStrictEqual(texts, [long, `${long}!`])
    assert.deepInclude(rest[2]?.data, { success: true, result: null })
    assert.deepInclude(rest.at(-1), { id: eventId(runId, 7), type: "error" })
    assert.deepInclude(rest.at(-1)?.data, { code: "PARTS_TOO_LARGE" })
  })

  it("keep their texts whole even if the texts alone are larger", () => {
    const rest = limited(runId, partsOf(text(long), thinking("short"), text(long)), 100)
    assert.deepStrictEqual(
      rest.map(({ type }) => type),
      ["text", "text", "error"],
    )
  })
})

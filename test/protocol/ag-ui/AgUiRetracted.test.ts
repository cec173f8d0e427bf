import { assert, describe, it } from "@effect/vitest"
import { EventType, type Message as ClientMessage } from "@ag-ui/core"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { runId, text, thinking, toolCall, toolResult } from "../../support/fixtures.ts"
import { content } from "./played.ts"
import { bytesOf, read } from "./reading.ts"

const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId, fromSeq, toSeq, reason: "The answer was corrected." },
})

describe("retracted text", () => {
  const user: ClientMessage = { id: "u-1", role: "user", content: "hello" }
  const local: ReadonlyArray<ClientMessage> = [
    { id: "g-1", role: "assistant", content: "Welcome!" },
    { id: "t-0", role: "reasoning", content: "An older thought" },
    user,
  ]
  const sent = local.filter(({ role }) => role !== "reasoning").map((message) => ({ ...message }))

  it("leaves the client's messages, and all other messages of the run stay", async () => {
    const drafts = [
      thinking("Hm"),
      text("wrong"),
      text(" answer"),
      toolCall("c1"),
      toolResult("c1"),
      text("more"),
      retract(2, 3),
      retract(6, 6),
      text("right"),
    ]
    const { complaints, messages } = await read(bytesOf(drafts, { messages: sent }), local)
    assert.deepStrictEqual(complaints, [])
    assert.deepStrictEqual(content(messages), [
      'assistant: "Welcome!"',
      'reasoning: "An older thought"',
      'user: "hello"',
      'reasoning: "Hm"',
      "assistant: null",
      'tool: "null"',
      'assistant: "right"',
    ])
    const call = messages.find((message) => "toolCalls" in message)
    assert.deepNestedInclude(call, { "toolCalls[0].function": { name: "charge", arguments: "{}" } })
  })

  it("leaves the rest of a message of which a part is retracted", async () => {
    const { complaints, messages } = await read(bytesOf([text("a"), text("b"), text("c"), retract(2, 2)]))
    assert.deepStrictEqual(complaints, [])
    assert.deepStrictEqual(content(messages), ['assistant: "ac"'])
  })

  it("ends the stream of an answer that is too long to repeat", async () => {
    const long = text("x".repeat(300_000))
    const { complaints, events } = await read(bytesOf([long, retract(1, 1), text("right")]))
    assert.deepStrictEqual(complaints, [])
    assert.deepInclude(events.at(-1), { type: EventType.RUN_ERROR, code: "ANSWER_RETRACTED" })
  })
})

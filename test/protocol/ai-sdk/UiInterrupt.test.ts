import { assert, describe, it } from "@effect/vitest"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { runId, text, toolCall, toolResult } from "../../support/fixtures.ts"
import { bytesOf, chunksOf, done, entriesOf, shown } from "./chunks.ts"
import { partsOf } from "./parts.ts"

describe("an interrupt", () => {
  const interrupt: Draft = {
    type: "interrupt",
    data: { interruptId: "i1", reason: "tool_call", message: "Charge the card?" },
    metadata: { callId: "c1" },
  }
  const waiting = { event: "done", data: { ...done, finishReason: "interrupt" } } as const

  it("asks for the approval of the call that waits", async () => {
    const { message } = await shown(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    assert.deepInclude(message?.parts[1], {
      type: "dynamic-tool",
      state: "approval-requested",
      approval: { id: "i1", descriptor: interrupt.data, requestReason: "Charge the card?" },
    })
  })

  it("shows the call first if the stream has not shown it", async () => {
    const data = { interruptId: "i1", reason: "tool_call", toolName: "charge", arguments: { eur: 5 } }
    const { message } = await shown(bytesOf(entriesOf([{ type: "interrupt", data }], waiting)))
    assert.deepInclude(message?.parts[1], {
      toolName: "charge",
      input: { eur: 5 },
      state: "approval-requested",
    })
  })

  it("without a call is a question in a data part", async () => {
    const data = { interruptId: "i2", reason: "question", message: "Which one?" }
    const parts = await partsOf({ type: "interrupt", data })
    assert.deepInclude(parts[0], { type: "data-interrupt", data })
  })

  it("ends with a reason that lets the client send the approval by itself", async () => {
    const chunks = await chunksOf(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    assert.deepInclude(chunks.at(-1), { type: "finish", finishReason: "tool-calls" })
  })

  it("continues in the client's own message, whose calls get their results", async () => {
    const { message } = await shown(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    const continued = { messageId: "m1", calls: ["c1"], denied: [] }
    const { errors, message: after } = await shown(bytesOf(entriesOf([toolResult("c1")]), continued), {
      ...message!,
      id: "m1",
    })
    assert.deepStrictEqual(errors, [])
    assert.strictEqual(after?.id, "m1")
    assert.deepStrictEqual(
      after?.parts.map((part) => ("state" in part ? part.state : part.type)),
      ["step-start", "output-available", "step-start"],
    )
  })

  it("closes its call when the user denies it", async () => {
    const { message } = await shown(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    const continued = { messageId: runId, calls: ["c1"], denied: ["c1"] }
    const { message: after } = await shown(bytesOf(entriesOf([text("Fine.")]), continued), message)
    assert.deepInclude(after?.parts[1], { type: "dynamic-tool", state: "output-denied" })
  })
})

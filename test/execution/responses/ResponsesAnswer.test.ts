/** Events and ends of a response that the test servers do not send. */
import { assert, describe, it } from "@effect/vitest"
import { AnswerDecoder } from "../../../src/execution/direct/AnswerDecoder.ts"
import { ResponsesAnswer } from "../../../src/execution/responses/ResponsesAnswer.ts"
import { reader } from "../../../src/execution/responses/ResponsesReader.ts"
import { runId } from "../../support/fixtures.ts"
import { completed, dataOf, done, ended, frame, hear, played, text } from "./events.ts"
import { playedOf } from "./playing.ts"

describe("the events of a response", () => {
  it("may be cut anywhere, have CRLF, obfuscation, unknown types and numbers of Python", () => {
    const unknown = 'data: {"type": "response.vendor.progress", "value": NaN, "item": 7}\r\n\r\n'
    const body =
      unknown +
      frame({ ...text("Grüße, 你好"), obfuscation: "xxxx" }).replaceAll("\n", "\r\n") +
      frame(completed)
    const bytes = new TextEncoder().encode(body)
    const answer = new ResponsesAnswer(runId, [])
    const decoder = new AnswerDecoder(answer, reader)
    const events = [...bytes].flatMap((byte) => decoder.feed(Uint8Array.of(byte)).events)
    assert.strictEqual(playedOf(events, decoder.end().error).text, "Grüße, 你好")
  })

  it("fail the answer if one is not JSON; after a call's own event nothing runs again", () => {
    const plain = hear("data: {broken\n\n").error
    const called = hear('data: {"type":"response.mcp_call.completed"\n\n').error
    assert.deepStrictEqual([plain?._tag, called?._tag], ["UpstreamGarbled", "UpstreamGarbled"])
    assert.notProperty(plain, "called")
    assert.propertyVal(called, "called", true)
  })

  it("show the reasoning of an item that had no deltas, once", () => {
    const item = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] } as const
    const delta = { type: "response.reasoning_summary_text.delta", item_id: "rs_1", delta: "Hm." }
    for (const heard of [
      played(done({ ...item, summary: [...item.summary] })),
      played(delta, done({ ...item, summary: [...item.summary] })),
    ])
      assert.deepStrictEqual(dataOf(heard, "thinking"), [{ content: "Hm.", stage: "reasoning" }])
  })

  it("fail the answer if its text is an error of the runtime", () => {
    const said = "I encountered an error: no model. Please try again."
    const heard = played(text(said), completed)
    assert.deepInclude(heard.error, { _tag: "UpstreamFailed", message: "" })
    assert.strictEqual(heard.text, "")
  })
})

describe("unusual names", () => {
  it("skips an event whose type is the name of an object's member", () => {
    assert.deepInclude(played({ type: "constructor" }, text("a")).error, { _tag: "UpstreamTruncated" })
  })

  it("ends with another reason if the reason is the name of an object's member", () => {
    const end = ended("incomplete", { incomplete_details: { reason: "constructor" } })
    assert.strictEqual(played(text("a"), end).finished?.finishReason, "other")
  })

  it("keeps the texts of messages without ids apart", () => {
    const message = (said: string) => ({
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: said }],
    })
    const end = ended("completed", { output: [message("a"), message("b")] })
    const seen = played(text("a"), text("b"), end)
    assert.deepStrictEqual([seen.types, seen.text], [["text"], "ab"])
  })
})

describe("the end of a response", () => {
  const incomplete = (reason: string) => ended("incomplete", { incomplete_details: { reason } })

  it.each([
    [completed, "stop"],
    [incomplete("max_output_tokens"), "length"],
    [incomplete("content_filter"), "content_filter"],
    [incomplete("max_tool_calls"), "other"],
  ] as const)("gives its reason: %#", (end, finishReason) => {
    const heard = played(text("Hello"), end)
    assert.isUndefined(heard.error)
    assert.deepInclude(heard.finished, { finishReason, model: "m-1" })
  })

  it.each([
    [ended("failed", { error: { code: "server_error", message: "at db-1" } }), "UpstreamFailed"],
    [ended("cancelled"), "UpstreamCancelled"],
    [{ type: "error", code: "server_error", message: "at db-1", param: null }, "UpstreamFailed"],
    [{ type: "error", error: { type: "server_error", message: "at db-1" } }, "UpstreamFailed"],
    [{ type: "error", code: "context_length_exceeded", message: "too long" }, "ContextTooLong"],
    [{ type: "response.refusal.delta", delta: "I cannot" }, "ContentFiltered"],
    [incomplete("content_filter"), "ContentFiltered"],
  ])("is a failure: %#", (end, tag) => {
    const heard = played({ type: "response.created", response: { id: "resp_1" } }, end)
    assert.strictEqual(heard.error?._tag, tag)
    assert.isUndefined(heard.finished)
  })

  it("is the terminal event: with or without [DONE], and nothing counts after it", () => {
    const body = frame(text("Hello")) + frame(completed)
    for (const rest of [
      "",
      "data: [DONE]\n\n",
      frame(text(" again")),
      frame({ type: "error", message: "x" }),
    ]) {
      const heard = hear(body + rest)
      assert.deepStrictEqual([heard.text, heard.error?._tag], ["Hello", undefined])
    }
  })

  it.each([["", "data: [DONE]\n\n"]])("is a truncation without a terminal event", (rest) => {
    const heard = hear(frame(text("Hello")) + rest)
    assert.strictEqual(heard.error?._tag, "UpstreamTruncated")
  })

  it("contains the answer of a server that sends no events before it", () => {
    const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello" }] }
    const output = [
      { type: "function_call", call_id: "a", name: "look", arguments: "{}", id: "f", output: "1" },
      message,
    ]
    for (const heard of [
      played(ended("completed", { output })),
      hear(JSON.stringify({ id: "resp_1", status: "completed", output })),
    ]) {
      assert.isUndefined(heard.error)
      assert.deepStrictEqual(heard.types, ["tool_call", "tool_result", "text"])
      assert.strictEqual(heard.text, "Hello")
    }
  })
})

/** The calls of an answer, and the interrupts that ask for their results. */
import { describe, expect, it } from "vitest"
import {
  callArgs,
  callEnd,
  callStart,
  finished,
  played,
  result,
  sse,
  started,
  text,
  typesOf,
} from "./events.ts"
import { decode } from "./replay.ts"

describe("calls", () => {
  it("shows a call once its arguments are whole, before its end", () => {
    const bytes = sse(started, callStart, callArgs('{"a":"}'), callArgs('"'), callArgs("}"))
    const { drafts } = decode([bytes])
    expect(drafts).toMatchObject([{ type: "tool_call", data: { arguments: { a: "}" } } }])
  })

  it.each([
    ["", {}],
    ["[1]", { value: [1] }],
    ['{"a":', { value: '{"a":' }],
  ])("shows the arguments %j", (args, expected) => {
    const seen = played(callStart, ...(args === "" ? [] : [callArgs(args)]), callEnd, result, finished)
    expect(seen.drafts[0]).toMatchObject({ type: "tool_call", data: { arguments: expected } })
  })

  it("shows one call for chunks, and ends it at the next event", () => {
    const chunk = { type: "TOOL_CALL_CHUNK", toolCallId: "c-1", toolCallName: "search", delta: '{"a"' }
    const next = { type: "TOOL_CALL_CHUNK", delta: ":1}" }
    const second = { type: "TOOL_CALL_CHUNK", toolCallId: "c-2", toolCallName: "look" }
    const seen = played(chunk, next, second, text("a"), finished)
    expect(seen.drafts).toMatchObject([
      { type: "tool_call", data: { toolName: "search", arguments: { a: 1 } }, metadata: { callId: "c-1" } },
      { type: "tool_call", data: { toolName: "look", arguments: {} }, metadata: { callId: "c-2" } },
      { type: "text" },
    ])
  })

  it("shows a failed call without its text", () => {
    const outcome = {
      type: "REASONING_ENCRYPTED_VALUE",
      subtype: "message",
      entityId: "t-1",
      encryptedValue: '{"pydantic_ai":{"outcome":"failed"}}',
    }
    const seen = played(
      callStart,
      callEnd,
      { ...result, content: "sk-canary-0000" },
      outcome,
      text("a"),
      finished,
    )
    expect(seen.drafts[1]).toMatchObject({
      data: { success: false, error: "The tool failed.", result: null },
    })
    expect(JSON.stringify(seen.drafts)).not.toContain("canary")
  })

  it("keeps the call of an answer that breaks off", () => {
    expect(typesOf(played(callStart, callArgs('{"a')))).toEqual(["tool_call"])
  })

  it("asks for the result of a call that nothing followed", () => {
    const seen = played(callStart, callArgs("{}"), callEnd, finished)
    expect(seen.drafts.at(-1)).toEqual({
      type: "interrupt",
      data: { interruptId: "c-1", reason: "tool_call", toolName: "search", arguments: {} },
      metadata: { callId: "c-1" },
    })
    expect(seen.finished?.finishReason).toBe("interrupt")
  })

  it("asks only for the calls that the run names", () => {
    const second = { ...callStart, toolCallId: "c-2" }
    const outcome = { type: "success", pendingToolCallIds: ["c-2"] }
    const seen = played(
      callStart,
      callEnd,
      second,
      { ...callEnd, toolCallId: "c-2" },
      { ...finished, outcome },
    )
    expect(typesOf(seen)).toEqual(["tool_call", "tool_call", "interrupt"])
    expect(seen.drafts.at(-1)?.metadata).toEqual({ callId: "c-2" })
  })

  it("asks for nothing when the answer continued after the call", () => {
    expect(played(callStart, callEnd, text("a"), finished).finished?.finishReason).toBeUndefined()
  })
})

describe("interrupts", () => {
  it("reads a suspended tool of Mastra", () => {
    const value = JSON.stringify({
      type: "mastra_suspend",
      toolCallId: "c-1",
      toolName: "search",
      suspendPayload: { q: 1 },
      args: { a: 1 },
      resumeSchema: '{"type":"object"}',
    })
    const seen = played({ type: "CUSTOM", name: "on_interrupt", value }, finished)
    expect(seen.drafts[0]).toMatchObject({
      data: {
        interruptId: "c-1",
        reason: "mastra_suspend",
        toolName: "search",
        arguments: { a: 1 },
        responseSchema: { type: "object" },
      },
    })
    expect(seen.finished?.record?.data).toMatchObject({ pending: [{ by: "command", value }] })
  })

  it("shows each of several interrupts", () => {
    const interrupts = ["i-1", "i-2"].map((id) => ({ id, reason: "ask", message: null }))
    const seen = played({ ...finished, outcome: { type: "interrupt", interrupts } })
    expect(typesOf(seen)).toEqual(["interrupt", "interrupt"])
  })
})

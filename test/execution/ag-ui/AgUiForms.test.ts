import { describe, expect, it } from "vitest"
import {
  callArgs,
  callEnd,
  callStart,
  codeOf,
  custom,
  finished,
  mebi,
  played,
  result,
  text,
  typesOf,
} from "./events.ts"

describe("forms before 1.0", () => {
  const interrupt = { id: "i-1", reason: "human_approval", payload: { message: "Delete it?" } }

  it("reads interrupts beside a word as the outcome", () => {
    for (const fields of [
      { outcome: "interrupt", interrupt },
      { outcome: "interrupt", interrupt: [interrupt] },
      { interrupt: [{ id: "i-1", reason: "human_approval", value: { message: "Delete it?" } }] },
    ]) {
      const seen = played(text("a"), { ...finished, ...fields })
      expect(seen.finished?.finishReason).toBe("interrupt")
      expect(seen.drafts[1]).toMatchObject({
        type: "interrupt",
        data: { interruptId: "i-1", reason: "human_approval", message: "Delete it?" },
      })
    }
  })

  it("accepts an end without ids and with a word as the outcome", () => {
    expect(codeOf(played(text("a"), { type: "RUN_FINISHED" }))).toBeUndefined()
    expect(codeOf(played(text("a"), { ...finished, outcome: "success" }))).toBeUndefined()
    expect(codeOf(played(text("a"), { ...finished, outcome: "lost" }))).toBe("UPSTREAM_GARBLED")
  })

  it("reads a result without a message id, or with JSON in place of text", () => {
    const { messageId: _, ...bare } = result
    const seen = played(callStart, callEnd, { ...bare, content: { found: 1 } }, text("a"), finished)
    expect(seen.drafts[1]).toMatchObject({
      type: "tool_result",
      data: { result: { found: 1 }, success: true },
    })
    expect(seen.error).toBeUndefined()
  })
})

describe("calls of unusual servers", () => {
  it("shows an unknown call for pieces of a call without an id, so that the turn does not run again", () => {
    const nameless = played({ type: "TOOL_CALL_CHUNK", toolCallName: "pay", delta: "{}" })
    expect(typesOf(nameless)).toEqual(["tool_call", "tool_result"])
    expect(typesOf(played(callArgs("{}")))).toEqual(["tool_call", "tool_result"])
  })

  it("shows a call whose name no chunk has", () => {
    const seen = played({ type: "TOOL_CALL_CHUNK", toolCallId: "c-1", delta: '{"a":1}' }, result, finished)
    expect(seen.drafts).toMatchObject([
      { type: "tool_call", data: { toolName: "unknown", arguments: { a: 1 } } },
      { type: "tool_result" },
    ])
  })

  it("fails a call whose arguments do not end, before they fill the memory", () => {
    const piece = callArgs("x".repeat(mebi / 2))
    const seen = played(callStart, ...Array.from({ length: 40 }, () => piece), finished)
    expect(codeOf(seen)).toBe("UPSTREAM_GARBLED")
    expect(typesOf(seen)).toEqual(["tool_call"])
  })

  it("takes an empty error of a result in a snapshot for none", () => {
    const toolCalls = [{ id: "c-1", type: "function", function: { name: "search", arguments: "{}" } }]
    const messages = [
      { id: "u-1", role: "user", content: "hi" },
      { id: "a-1", role: "assistant", content: null, toolCalls },
      { id: "t-1", role: "tool", toolCallId: "c-1", content: "found", error: "" },
    ]
    const seen = played({ type: "MESSAGES_SNAPSHOT", messages }, text("a"), finished)
    expect(seen.drafts[1]).toMatchObject({ type: "tool_result", data: { result: "found", success: true } })
  })
})

describe("parts of unusual servers", () => {
  it("reads an assistant's text after the user's under the same id, and without ids", () => {
    const chunk = (role: string, delta: string) => ({ type: "TEXT_MESSAGE_CHUNK", role, delta })
    expect(played(chunk("user", "echo"), chunk("assistant", "a"), finished).text).toBe("a")
  })

  it("skips state, activities and custom events that it cannot read", () => {
    const state = { type: "STATE_DELTA", delta: [{ op: "add", path: "/a" }] }
    const custom = { type: "CUSTOM", name: "progress" }
    const bad = Array.from({ length: 4 }, () => [state, custom, { type: "ACTIVITY_DELTA" }]).flat()
    expect(played(...bad, text("a"), finished).text).toBe("a")
  })

  it("reads a step's status that is the name of an object's member as pending", () => {
    const content = { steps: [{ id: "s", title: "S", status: "constructor" }] }
    const plan = { type: "ACTIVITY_SNAPSHOT", messageId: "p", activityType: "PLAN", content }
    expect(played(plan, text("a"), finished).drafts[0]).toMatchObject({
      data: { steps: [{ status: "pending" }] },
    })
  })

  it("forgets an activity that grows without end", () => {
    const content = { steps: [{ id: "s", title: "S" }] }
    const plan = { type: "ACTIVITY_SNAPSHOT", messageId: "p", activityType: "PLAN", content }
    const operation = { op: "add", path: "/log", value: "x".repeat(mebi / 2) }
    const more = { type: "ACTIVITY_DELTA", messageId: "p", activityType: "PLAN", patch: [operation] }
    const seen = played(plan, ...Array.from({ length: 20 }, () => more), text("a"), finished)
    expect(typesOf(seen).filter((type) => type === "plan").length).toBeLessThan(10)
    expect(seen.text).toBe("a")
  })

  it("skips an error and a file among the agent's own drafts: they may name hosts", () => {
    const error = { type: "error", data: { code: "E", message: "postgres://db:5432 refused" } }
    const file = {
      type: "file",
      data: { fileId: "f", filename: "f", mimeType: "text/plain", url: "http://10.0.0.1/f" },
    }
    expect(JSON.stringify(played(custom(error), custom(file), text("a"), finished).drafts)).not.toMatch(
      /postgres|10\.0/,
    )
  })
})

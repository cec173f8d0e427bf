import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Part } from "../../src/client/Parts.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { planStep, text, thinking, toolCall, toolResult } from "../support/fixtures.ts"
import { answerOf, events, open, plan, reduced, textOf } from "./conversations.ts"

const partsOf = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<Part> =>
  answerOf(reduced([open, ...events(...drafts)])).parts

const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId: "r1", fromSeq, toSeq, reason: "x" },
})
const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "x", code: "X" } }

describe("the parts of an answer", () => {
  it("join adjacent pieces of text and of reasoning, and nothing else", () => {
    const parts = partsOf(text("a"), text("b"), thinking("hm"), thinking("ok"), text("c"), {
      type: "markdown",
      data: { content: "d" },
    })
    assert.deepStrictEqual(
      parts.map((part) => [part.type, "content" in part ? part.content : ""]),
      [
        ["text", "ab"],
        ["thinking", "hm\nok"],
        ["text", "c"],
        ["markdown", "d"],
      ],
    )
    const reasoning: Draft = { type: "thinking", data: { content: "to", stage: "reasoning" } }
    assert.propertyVal(partsOf(reasoning, reasoning)[0], "content", "toto")
  })

  it("have the plan once, in its newest state, with the details of its steps", () => {
    const parts = partsOf(
      plan("s1", "s2"),
      planStep("s1"),
      text("a"),
      planStep("s1", "completed"),
      plan("s1", "s2"),
      planStep("s3"),
    )
    assert.deepStrictEqual(
      parts.map(({ type }) => type),
      ["plan", "text"],
    )
    const [shown] = parts
    assert.strictEqual(shown?.type === "plan" && shown.currentStep, "s3")
    assert.deepStrictEqual(shown?.type === "plan" && shown.steps.map(({ id, status }) => [id, status]), [
      ["s1", "pending"],
      ["s2", "pending"],
      ["s3", "running"],
    ])
  })

  it("have each call with its result, its status and the time between them", () => {
    const [call, ...more] = partsOf(toolCall("c1"), toolCall("c2"), toolResult("c2"), toolResult("c1"))
    assert.include(call, { type: "call", status: "success", callId: "c1", durationMs: 3000 })
    assert.lengthOf(more, 1)
  })

  it("have a call as ended whose result came first", () => {
    const [call, ...more] = partsOf(toolResult("c1"), toolCall("c1"))
    assert.include(call, { type: "call", status: "success" })
    assert.lengthOf(more, 0)
  })

  it("have a call of each attempt, also under the same id", () => {
    const parts = partsOf(toolCall("c1"), fallback, toolCall("c1"), toolResult("c1"))
    assert.deepStrictEqual(
      parts.map((part) => (part.type === "call" ? part.status : part.type)),
      ["unknown", "fallback", "success"],
    )
  })

  it("match a result without an id with the last open call of its name", () => {
    const called: Draft = {
      type: "mcp_call",
      data: { serverId: "m", toolName: "t", arguments: { a: 1 }, status: "calling" },
    }
    const returned: Draft = {
      type: "mcp_result",
      data: { serverId: "m", toolName: "t", result: 2, success: false, error: "no", duration: 5 },
    }
    const other: Draft = { type: "tool_call", data: { toolName: "t", arguments: {}, status: "calling" } }
    assert.deepStrictEqual(
      partsOf(called, other, returned).map(
        (part) => part.type === "call" && [part.kind, part.status, part.durationMs, part.error],
      ),
      [
        ["mcp", "error", 5, "no"],
        ["tool", "calling", undefined, undefined],
      ],
    )
  })

  it("show a progress bar once for each label", () => {
    const progress = (current: number, label: string): Draft => ({
      type: "progress",
      data: { current, total: 2, percentage: 50 * current, label },
    })
    const parts = partsOf(progress(1, "a"), progress(1, "b"), progress(2, "a"))
    assert.deepStrictEqual(
      parts.map((part) => part.type === "progress" && part.data.current),
      [2, 1],
    )
  })

  it("lose exactly the retracted text, and keep calls and files", () => {
    const file: Draft = { type: "file", data: { url: "/f", filename: "f", mimeType: "text/plain" } }
    const table: Draft = { type: "table", data: { columns: [], rows: [] } }
    const parts = partsOf(
      text("keep "),
      text("drop"),
      toolCall("c1"),
      file,
      table,
      retract(2, 5),
      text("new"),
    )
    assert.deepStrictEqual(
      parts.map(({ type }) => type),
      ["text", "call", "file", "retract", "text"],
    )
    assert.strictEqual(textOf(parts), "keep new")
  })

  it("leave the plan and the open calls of an attempt that another one replaces", () => {
    const parts = partsOf(plan("s1"), toolCall("c1"), fallback, plan("s1"))
    assert.deepStrictEqual(
      parts.map((part) =>
        part.type === "plan" ? part.left : part.type === "call" ? part.status : part.type,
      ),
      [true, "unknown", "fallback", false],
    )
  })

  it.prop(
    "have the text that the gateway stores, after any retracts",
    [
      Schema.Array(
        Schema.Union([
          Schema.String,
          Schema.Tuple([Schema.Literals([1, 2, 3, 5, 8]), Schema.Literals([1, 2, 4, 9])]),
        ]),
      ),
    ],
    ([steps]) => {
      const drafts = steps.map((step) => (typeof step === "string" ? text(step) : retract(...step)))
      const transcript = new Transcript()
      for (const draft of drafts) transcript.add(draft)
      assert.strictEqual(textOf(partsOf(...drafts)), transcript.text)
    },
  )
})

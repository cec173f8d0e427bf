/** The tool calls of a LangGraph stream. */
import { assert, describe, it } from "@effect/vitest"
import { ai, type Decoded, decodeFrames, part, toolMessage, update } from "./langGraphRecording.ts"

const types = ({ drafts }: Decoded) => drafts.map(({ type }) => type)

const chunk = (index: number | null, id: string | null, name: string | null, args: string) => ({
  tool_call_chunks: [{ index, id, name, args, type: "tool_call_chunk" }],
})

const last = { chunk_position: "last" }

describe("the calls of a LangGraph answer", () => {
  it("have the arguments of all their parts, also if these come before the name", () => {
    const played = decodeFrames(
      part("m", "", chunk(0, null, null, '{"q":')),
      part("m", "", chunk(0, "c", "search", '"x"}')),
      part("m", "", last),
    )
    assert.deepStrictEqual(played.drafts, [
      {
        type: "tool_call",
        data: { toolName: "search", arguments: { q: "x" }, status: "calling" },
        metadata: { callId: "c" },
      },
    ])
  })

  it("are told apart without indexes", () => {
    const played = decodeFrames(
      part("m", "", chunk(null, "c", "search", "{}")),
      part("m", "", chunk(null, "d", "search", '{"q":')),
      part("m", "", chunk(null, null, null, '"x"}')),
      part("m", "", last),
    )
    assert.deepStrictEqual(
      played.drafts.map(({ data, metadata }) => [metadata?.callId, "arguments" in data ? data.arguments : 0]),
      [
        ["c", {}],
        ["d", { q: "x" }],
      ],
    )
  })

  it("are shown once if the state repeats them", () => {
    const call = { id: "c", name: "search", args: { q: "x" } }
    const played = decodeFrames(
      part("m", "", { ...chunk(0, "c", "search", '{"q":"x"}'), ...last }),
      update([ai("m", "", { tool_calls: [call] })]),
      update([toolMessage("c", "found")], "tools"),
      update([toolMessage("c", "found")], "tools"),
    )
    assert.deepStrictEqual(types(played), ["tool_call", "tool_result"])
  })

  it("are shown if the run fails after their arguments are complete, because they may have been made", () => {
    const failed: readonly [string, unknown] = ["error", { error: "E", message: "m" }]
    const whole = decodeFrames(part("m", "", chunk(0, "c", "search", "{}")), failed)
    assert.deepStrictEqual(types(whole), ["tool_call"])
    const half = decodeFrames(part("m", "", chunk(0, "c", "search", '{"q":')), failed)
    assert.deepStrictEqual(types(half), [])
  })

  it("do not show the error of a tool", () => {
    const played = decodeFrames(update([toolMessage("c", "key=s3cret", { status: "error" })], "tools"))
    assert.deepStrictEqual(played.drafts[0]?.data, {
      toolName: "search",
      result: null,
      success: false,
      error: "The tool failed.",
    })
  })

  it("turn the text of a model within them to thinking", () => {
    const played = decodeFrames(
      update([ai("m", "", { tool_calls: [{ id: "c", name: "ask", args: {} }] })]),
      part("inner", "Hm", {}, { langgraph_node: "tools" }),
      update([toolMessage("c", "Hm")], "tools"),
      part("answer", "Yes."),
    )
    assert.deepStrictEqual(types(played), ["tool_call", "thinking", "tool_result", "text"])
    assert.deepStrictEqual(played.drafts[1]?.metadata, { callId: "c" })
  })
})

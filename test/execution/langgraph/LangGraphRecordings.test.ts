/** Streams that LangGraph's own server gave, byte for byte. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Transcript } from "../../../src/runs/Transcript.ts"
import { decode, type Decoded } from "./langGraphRecording.ts"

const bytes = (name: string): Buffer => readFileSync(new URL(`recordings/${name}.sse`, import.meta.url))

const textOf = ({ drafts }: Decoded): string => {
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft)
  return transcript.text
}

const seen = ({ decoder, drafts, error }: Decoded) => ({
  drafts,
  error: error === undefined ? undefined : { ...error, message: error.message },
  runId: decoder.serverRunId,
  finishReason: decoder.answer.finishReason,
})

describe("a recorded stream of a LangGraph server", () => {
  it("text: shows the streamed text", () => {
    const played = decode([bytes("text")])
    assert.isUndefined(played.error)
    assert.strictEqual(textOf(played), "Hello from a real langgraph agent. ")
    assert.strictEqual(played.drafts.length, 6)
    assert.strictEqual(played.decoder.serverRunId, "01a22838-fe37-736a-984e-ef568f476d7f")
  })

  it("tool: shows the call, its result and the answer, each once", () => {
    const played = decode([bytes("tool")])
    assert.deepStrictEqual(
      played.drafts.map(({ data, metadata, type }) => [type, metadata?.callId, data]),
      [
        ["tool_call", "tc-1", { toolName: "get_weather", arguments: { city: "Paris" }, status: "calling" }],
        [
          "tool_result",
          "tc-1",
          { toolName: "get_weather", result: '{"city": "Paris", "sky": "clear"}', success: true },
        ],
        ["text", undefined, { content: "It " }],
        ["text", undefined, { content: "is " }],
        ["text", undefined, { content: "done." }],
      ],
    )
    assert.deepStrictEqual(played.decoder.answer.openCalls, [])
  })

  it("errmid: fails after the text, and the server's sentence is not shown", () => {
    const played = decode([bytes("errmid")])
    assert.strictEqual(textOf(played), "Hello from a ")
    assert.deepInclude({ ...played.error }, { _tag: "UpstreamFailed", code: "", detail: "RuntimeError" })
    assert.notInclude(JSON.stringify(played.drafts), "exploded")
  })

  it("interrupt: shows the call from the state, then the question for it", () => {
    const played = decode([bytes("interrupt")])
    assert.deepStrictEqual(
      played.drafts.map(({ metadata, type }) => [type, metadata?.callId]),
      [
        ["tool_call", "tc-del"],
        ["interrupt", "tc-del"],
      ],
    )
    assert.deepInclude(played.drafts[1]?.data, {
      interruptId: "7bbea09c72d746a43e89a5576db18842",
      message: "delete /x?",
      toolName: "delete_file",
      arguments: { path: "/x" },
    })
    assert.strictEqual(played.decoder.answer.finishReason, "interrupt")
  })

  it.each(["text", "tool", "errmid", "interrupt"])(
    "%s is the same for every cut in two, and byte by byte",
    (name) => {
      const all = bytes(name)
      const whole = seen(decode([all]))
      for (let at = 1; at < all.length; at += 7)
        assert.deepStrictEqual(seen(decode([all.subarray(0, at), all.subarray(at)])), whole, `cut at ${at}`)
      assert.deepStrictEqual(seen(decode(Array.from(all, (byte) => Uint8Array.of(byte)))), whole)
    },
  )

  it.each(["text", "tool", "errmid", "interrupt"])("%s with LF and heartbeats is the same", (name) => {
    const text = bytes(name).toString().replaceAll("\r\n", "\n").replaceAll("\n\n", "\n\n: heartbeat\n\n")
    assert.deepStrictEqual(seen(decode([Buffer.from(text)])), seen(decode([bytes(name)])))
  })

  it.each(["text", "tool", "errmid", "interrupt"])("%s never throws for a prefix of its bytes", (name) => {
    const all = bytes(name)
    for (let at = 0; at < all.length; at += 11) assert.doesNotThrow(() => decode([all.subarray(0, at)]))
  })
})

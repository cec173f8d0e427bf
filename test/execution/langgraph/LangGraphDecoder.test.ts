/** Streams of a LangGraph server that the recordings do not have. */
import { assert, describe, it } from "@effect/vitest"
import { runId } from "../../support/fixtures.ts"
import {
  ai,
  bytesOf,
  decode,
  type Decoded,
  decodeFrames,
  part,
  toolMessage,
  update,
} from "./langGraphRecording.ts"

const textOf = ({ drafts }: Decoded) =>
  drafts.flatMap((draft) => (draft.type === "text" ? [draft.data.content] : [])).join("")

const shown = ({ drafts }: Decoded): ReadonlyArray<unknown> => drafts.map(({ data, type }) => [type, data])

const types = ({ drafts }: Decoded) => drafts.map(({ type }) => type)

const last = { chunk_position: "last" }

describe("the text of a LangGraph answer", () => {
  it("completes a streamed text from the state", () => {
    assert.strictEqual(textOf(decodeFrames(part("m", "Hel"), update([ai("m", "Hello")]))), "Hello")
  })

  it("is retracted and shown again if the state differs", () => {
    const played = decodeFrames(part("m", "The key is s3cret"), update([ai("m", "The key is [removed]")]))
    assert.deepStrictEqual(types(played), ["text", "retract", "text"])
    assert.deepInclude(played.drafts[1]?.data, { fromSeq: 1, toSeq: 1 })
  })

  it("is shown once if the node returns it as a new message", () => {
    const played = decodeFrames(part("m", "Hello "), part("m", "", last), update([ai("other", "Hello")]))
    assert.strictEqual(textOf(played), "Hello ")
  })

  it("is retracted if the node returns another answer instead", () => {
    const played = decodeFrames(
      part("draft", "A query", last),
      part("answer", "Hello", last),
      update([ai("answer", "Hello")]),
    )
    const range = { runId, fromSeq: 1, toSeq: 1, reason: "The answer was corrected." }
    assert.deepStrictEqual(shown(played), [
      ["text", { content: "A query" }],
      ["text", { content: "\n\nHello" }],
      ["retract", range],
    ])
  })

  it("stays if the node returns no message", () => {
    assert.deepStrictEqual(
      types(decodeFrames(part("m", "Hello", last), ["updates", { chat: { mood: "good" } }])),
      ["text"],
    )
  })

  it("separates two messages by a blank line", () => {
    assert.strictEqual(textOf(decodeFrames(part("a", "One."), part("b", "Two."))), "One.\n\nTwo.")
  })

  it("leaves out messages before the user's, which a subgraph returns with its state", () => {
    const messages = [ai("old", "Yesterday."), { type: "human", id: "h", content: "Hi" }, ai("new", "Today.")]
    assert.strictEqual(textOf(decodeFrames(update(messages))), "Today.")
  })

  it("leaves out outputs that a resumed run repeats", () => {
    const cached: readonly [string, unknown] = [
      "updates",
      { tools: { messages: [toolMessage("c", "done")] }, __metadata__: { cached: true } },
    ]
    assert.deepStrictEqual(decodeFrames(cached).drafts, [])
  })

  it("leaves out a model's text with the tag nostream", () => {
    assert.deepStrictEqual(decodeFrames(part("m", "secret", {}, { tags: ["nostream"] })).drafts, [])
  })

  it("reads a node's output that is a list of updates, or null", () => {
    const list: readonly [string, unknown] = [
      "updates",
      { one: [{ messages: [ai("a", "One.")] }, { messages: ai("b", "Two.") }], two: null },
    ]
    assert.strictEqual(textOf(decodeFrames(list)), "One.\n\nTwo.")
  })

  it("is thinking in a subgraph, whole or in parts", () => {
    const nested = (frame: readonly [string, unknown]): readonly [string, unknown] => [
      `${frame[0]}|research:1`,
      frame[1],
    ]
    const played = decodeFrames(
      nested(part("m", "Search")),
      nested(update([ai("m", "Search")])),
      nested(update([ai("n", "Found")])),
    )
    assert.deepStrictEqual(shown(played), [
      ["thinking", { content: "Search" }],
      ["thinking", { content: "Found" }],
    ])
  })

  it("is retracted if the server starts the run again", () => {
    const played = decodeFrames(
      ["metadata", { run_id: "r", attempt: 1 }],
      part("a", "Hel"),
      ["metadata", { run_id: "r", attempt: 2 }],
      part("b", "Hello"),
    )
    assert.deepStrictEqual(types(played), ["text", "retract", "text"])
    assert.deepStrictEqual(played.drafts[2]?.data, { content: "Hello" })
  })

  it("keeps its characters when the bytes are cut within one", () => {
    const bytes = bytesOf([part("m", "Crème 日本 👩‍👩‍👧\u2028 line")])
    const played = decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))
    assert.strictEqual(textOf(played), "Crème 日本 👩‍👩‍👧\u2028 line")
  })

  it("is read from any block of text", () => {
    const blocks = ["Hel", { type: "text", text: "lo" }, { type: "image_url", image_url: "x" }, 7]
    assert.strictEqual(textOf(decodeFrames(part("m", blocks))), "Hello")
  })

  it.each([
    [[{ type: "thinking", thinking: "hm" }], {}],
    [[{ type: "reasoning", reasoning: "hm" }], {}],
    [[{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }], {}],
    [[{ type: "reasoning_content", reasoning_content: { text: "hm" } }], {}],
    ["", { additional_kwargs: { reasoning_content: "hm" } }],
  ])("has reasoning as thinking: %j %j", (content, fields) => {
    const played = decodeFrames(part("m", content, fields), update([ai("m", content, fields)]))
    assert.deepStrictEqual(shown(played), [["thinking", { content: "hm", stage: "reasoning" }]])
  })
})

describe("other events of a LangGraph stream", () => {
  it("pass on a valid draft of the graph", () => {
    const data = { content: "*Hi*" }
    assert.deepStrictEqual(shown(decodeFrames(["custom", { type: "markdown", data }])), [["markdown", data]])
  })

  it("replace the text of a failed call in a draft of the graph", () => {
    const data = { toolName: "t", result: null, success: false, error: "key=s3cret" }
    const { drafts } = decodeFrames(["custom", { type: "tool_result", data }])
    assert.deepInclude(drafts[0]?.data, { error: "The tool failed." })
  })

  it.each([
    [{ type: "markdown", data: {} }],
    [{ type: "retract", data: { runId: "r", fromSeq: 1, toSeq: 1, reason: "x" } }],
    [{ type: "error", data: { code: "X", message: "key=s3cret" } }],
    [{ type: "file", data: { url: "http://10.0.0.1/x", filename: "x", mimeType: "text/plain" } }],
    [{ type: "interrupt", data: { interruptId: "i", reason: "r" } }],
    ["text"],
    [null],
    [[1]],
  ])("do not pass on %j", (data) => {
    const played = decodeFrames(["custom", data])
    assert.deepStrictEqual([played.drafts, played.error], [[], undefined])
  })

  it("skip unknown names and unexpected data", () => {
    const played = decodeFrames(
      ["values", { messages: [ai("m", "Hello")] }],
      ["messages", null],
      ["messages", [{ type: "ai" }]],
      ["updates", 7],
      ["updates", { __interrupt__: [] }],
      ["metadata", []],
    )
    assert.deepStrictEqual([played.drafts, played.error], [[], undefined])
  })

  it("fail on an event that is not JSON, which may have been a call", () => {
    const played = decode([Buffer.from("event: updates\ndata: {half\n\n")])
    assert.deepInclude({ ...played.error }, { _tag: "UpstreamGarbled", called: true })
  })

  it("report each of several interrupts once, also if a subgraph repeats it", () => {
    const interrupt = (id: string) => ({ id, value: `Sure about ${id}?` })
    const played = decodeFrames(
      ["updates|sub:1", { __interrupt__: [interrupt("a")] }],
      ["updates", { __interrupt__: [interrupt("a")] }],
      ["updates", { __interrupt__: [interrupt("b")] }],
    )
    assert.deepStrictEqual(
      played.drafts.map(({ data }) => ("interruptId" in data ? [data.interruptId, data.message] : [])),
      [
        ["a", "Sure about a?"],
        ["b", "Sure about b?"],
      ],
    )
  })

  it("take the question of LangChain's approval", () => {
    const value = {
      action_requests: [{ name: "mail", args: { to: "ana" }, description: "Send the mail?" }],
      review_configs: [{ action_name: "mail", allowed_decisions: ["approve", "reject"] }],
    }
    const [draft] = decodeFrames(["updates", { __interrupt__: [{ id: "a", value }] }]).drafts
    assert.deepInclude(draft?.data, { message: "Send the mail?", payload: value })
  })

  it("add up the usage of all messages, each once", () => {
    const usage = (input: number, output: number) => ({
      usage_metadata: { input_tokens: input, output_tokens: output, total_tokens: input + output },
    })
    const { decoder } = decodeFrames(
      part("a", "One", usage(3, 1)),
      part("a", ".", usage(0, 2)),
      update([ai("a", "One.", usage(3, 3))]),
      update([ai("b", "Two.", usage(10, 5))]),
    )
    assert.deepStrictEqual(decoder.answer.usage, { tokens: 21, inputTokens: 13, outputTokens: 8 })
  })

  it.each([
    [{ finish_reason: "length", model_name: "gpt-x" }, "length", "gpt-x"],
    [{ stop_reason: "max_tokens", model: "claude-x" }, "length", "claude-x"],
    [{ finish_reason: "content_filter" }, "content_filter", undefined],
    [{ finish_reason: "stop" }, "stop", undefined],
    [{}, undefined, undefined],
  ])("give the finish reason and model of the last message: %j", (response_metadata, reason, model) => {
    const { decoder } = decodeFrames(update([ai("a", "One.", { response_metadata })]))
    assert.strictEqual(decoder.answer.finishReason, reason)
    assert.strictEqual(decoder.answer.model, model)
  })

  it.each(["UserInterrupt", "UserRollback"])("report a cancel by another client: %s", (error) => {
    assert.strictEqual(decodeFrames(["error", { error, message: "m" }]).error?._tag, "UpstreamCancelled")
  })
})

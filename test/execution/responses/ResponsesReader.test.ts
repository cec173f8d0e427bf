/** Events of the Responses API that the test servers do not send. OpenAI's own types check their shape. */
import type { ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses"
import { assert, describe, it } from "@effect/vitest"
import * as RuntimeErrorText from "../../../src/domain/RuntimeErrorText.ts"
import { AnswerDecoder } from "../../../src/execution/direct/AnswerDecoder.ts"
import type { ExecutionEvent } from "../../../src/execution/Executor.ts"
import { ResponsesAnswer } from "../../../src/execution/responses/ResponsesAnswer.ts"
import { reader } from "../../../src/execution/responses/ResponsesReader.ts"
import { runId } from "../../support/fixtures.ts"
import { type Played, playedOf } from "./playing.ts"

const encoder = new TextEncoder()

/** The answer of a body that arrives in these chunks and then ends. */
const hear = (...chunks: ReadonlyArray<string>): Played => {
  const answer = new ResponsesAnswer(runId, RuntimeErrorText.parse(RuntimeErrorText.defaultPatterns) ?? [])
  const decoder = new AnswerDecoder(answer, reader)
  const events: Array<ExecutionEvent> = []
  for (const chunk of chunks) events.push(...decoder.feed(encoder.encode(chunk)).events)
  const end = decoder.end()
  return playedOf([...events, ...end.events], end.error)
}

const frame = (event: unknown): string => `data: ${JSON.stringify(event)}\n\n`
/** An event that is new, a vendor's own, or wrong. */
const played = (...events: ReadonlyArray<unknown>): Played => hear(...events.map(frame))
/** OpenAI's own events. */
const sent = (...events: ReadonlyArray<ResponseStreamEvent>): Played => played(...events)

const at = { sequence_number: 1, output_index: 0 }
const text = (delta: string): ResponseStreamEvent => ({
  ...at,
  type: "response.output_text.delta",
  item_id: "msg_1",
  content_index: 0,
  delta,
  logprobs: [],
})
const added = (item: ResponseOutputItem): ResponseStreamEvent => ({
  ...at,
  type: "response.output_item.added",
  item,
})
const done = (item: ResponseOutputItem): ResponseStreamEvent => ({
  ...at,
  type: "response.output_item.done",
  item,
})
const ended = (status: string, fields: object = {}) => ({
  type: `response.${status}`,
  sequence_number: 9,
  response: { id: "resp_1", object: "response", model: "m-1", status, output: [], error: null, ...fields },
})
const completed = ended("completed")

const dataOf = ({ drafts }: Played, type: string): ReadonlyArray<unknown> =>
  drafts.filter((draft) => draft.type === type).map(({ data }) => data)

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

describe("an item of the server's own tools", () => {
  const tool = (toolName: string, args: object, result: unknown) => [
    { toolName, arguments: args, status: "calling" },
    { toolName, result, success: true },
  ]

  it.each<readonly [ResponseOutputItem, ReadonlyArray<unknown>]>([
    [
      {
        type: "web_search_call",
        id: "ws_1",
        status: "completed",
        action: { type: "search", query: "café", sources: [{ type: "url", url: "https://a.example" }] },
      },
      tool("web_search", { type: "search", query: "café" }, [{ type: "url", url: "https://a.example" }]),
    ],
    [
      { type: "file_search_call", id: "fs_1", status: "completed", queries: ["a"], results: [{ text: "b" }] },
      tool("file_search", { queries: ["a"] }, [{ text: "b" }]),
    ],
    [
      {
        type: "code_interpreter_call",
        id: "ci_1",
        status: "completed",
        code: "1+1",
        container_id: "c",
        outputs: [{ type: "logs", logs: "2" }],
      },
      tool("code_interpreter", { code: "1+1" }, [{ type: "logs", logs: "2" }]),
    ],
  ])("is a call with its result: $type", (item, expected) => {
    const heard = sent(added(item), done(item), text("Done."))
    assert.deepStrictEqual([...dataOf(heard, "tool_call"), ...dataOf(heard, "tool_result")], expected)
    assert.deepStrictEqual(
      heard.drafts.slice(0, 2).map(({ metadata }) => metadata?.callId),
      ["id" in item ? item.id : "", "id" in item ? item.id : ""],
    )
  })

  it("is an mcp call with its result", () => {
    const item = { type: "mcp_call", id: "mcp_1", name: "roll", server_label: "dice", arguments: "" } as const
    const heard = sent(
      added({ ...item, status: "in_progress" }),
      { ...at, type: "response.mcp_call_arguments.delta", item_id: "mcp_1", delta: '{"n"' },
      { ...at, type: "response.mcp_call_arguments.done", item_id: "mcp_1", arguments: '{"n":2}' },
      done({ ...item, arguments: '{"n":2}', output: "[3,4]" }),
      text("7"),
    )
    assert.deepStrictEqual(dataOf(heard, "mcp_call"), [
      { serverId: "dice", toolName: "roll", arguments: { n: 2 }, status: "calling" },
    ])
    assert.deepStrictEqual(dataOf(heard, "mcp_result"), [
      { serverId: "dice", toolName: "roll", result: [3, 4], success: true },
    ])
  })

  it("fails without the server's own words", () => {
    const error = {
      type: "mcp_protocol_error",
      code: 1,
      message: "host db-1 refused sk-canary-0000",
    } as const
    const heard = sent(
      done({ type: "mcp_call", id: "m", name: "roll", server_label: "dice", arguments: "{}", error }),
      done({ type: "web_search_call", id: "w", status: "failed", action: { type: "search", query: "x" } }),
    )
    assert.notInclude(JSON.stringify(heard.drafts), "canary")
    assert.deepStrictEqual(dataOf(heard, "mcp_result"), [
      { serverId: "dice", toolName: "roll", result: null, success: false, error: "The MCP tool failed." },
    ])
    assert.deepStrictEqual(dataOf(heard, "tool_result"), [
      { toolName: "web_search", result: null, success: false, error: "The tool failed." },
    ])
  })

  it("shows a generated image, or fails if the image is too large", () => {
    const item = { type: "image_generation_call", id: "ig", status: "completed" } as const
    const small = sent(done({ ...item, result: "iVBORw0=" }), completed as never)
    assert.deepStrictEqual(small.types, ["tool_call", "tool_result", "image"])
    assert.deepStrictEqual(dataOf(small, "image"), [{ url: "data:image/png;base64,iVBORw0=" }])
    const large = sent(done({ ...item, result: "A".repeat(1024 * 1024 + 1) }), completed as never)
    assert.deepStrictEqual(large.types, ["tool_call", "tool_result"])
    assert.deepInclude(dataOf(large, "tool_result")[0], { success: false })
  })
})

describe("a function call", () => {
  const call = (id: string) =>
    ({ type: "function_call", id: `fc_${id}`, call_id: id, name: "look", arguments: '{"a":1}' }) as const
  const output = (id: string, value = "found"): ResponseOutputItem => ({
    type: "function_call_output",
    id: `out_${id}`,
    call_id: id,
    output: value,
    status: "completed",
  })

  it("gets the output that the server sends", () => {
    const heard = played(
      added(call("a")),
      done(call("a")),
      done(call("b")),
      done(output("b", '{"b":2}')),
      done(output("a")),
      completed,
    )
    assert.deepStrictEqual(heard.types, ["tool_call", "tool_call", "tool_result", "tool_result"])
    assert.deepStrictEqual(dataOf(heard, "tool_result"), [
      { toolName: "look", result: { b: 2 }, success: true },
      { toolName: "look", result: "found", success: true },
    ])
    assert.strictEqual(heard.finished?.finishReason, "stop")
  })

  it("without an output is an interrupt, also behind one that has an output", () => {
    const heard = played(done(call("a")), done(output("a")), done(call("b")), completed)
    assert.deepStrictEqual(heard.types, ["tool_call", "tool_result", "tool_call", "interrupt"])
    assert.strictEqual(heard.finished?.finishReason, "interrupt")
    assert.deepStrictEqual(heard.finished?.record, {
      wire: "responses",
      data: {
        responseId: "resp_1",
        waiting: [{ type: "function_call", id: "fc_b", call_id: "b", name: "look", arguments: '{"a":1}' }],
      },
    })
  })

  it("is no interrupt if the response is incomplete", () => {
    const reason = { incomplete_details: { reason: "max_output_tokens" } }
    const heard = played(text("x"), done(call("a")), ended("incomplete", reason))
    assert.deepStrictEqual(heard.types, ["text", "tool_call", "tool_result"])
    assert.deepInclude(dataOf(heard, "tool_result")[0], { success: false })
    assert.strictEqual(heard.finished?.finishReason, "length")
  })

  it("is shown if the stream breaks in its middle, so nothing runs again", () => {
    const heard = sent(added({ ...call("a"), arguments: "" }), {
      ...at,
      type: "response.function_call_arguments.delta",
      item_id: "fc_a",
      delta: '{"a":1}',
    })
    assert.strictEqual(heard.error?._tag, "UpstreamTruncated")
    assert.deepStrictEqual(dataOf(heard, "tool_call"), [
      { toolName: "look", arguments: { a: 1 }, status: "calling" },
    ])
  })

  it("has its arguments under `value` if they are no record", () => {
    const heard = played(done({ ...call("a"), arguments: "not JSON" }), done({ ...call("b"), arguments: "" }))
    const [first, second] = dataOf(heard, "tool_call")
    assert.deepInclude(first, { arguments: { value: "not JSON" } })
    assert.deepInclude(second, { arguments: {} })
  })
})

describe("an approval that the server asks for", () => {
  it("is an interrupt with the call's arguments and the form of its answer", () => {
    const heard = played(
      text("I need your consent."),
      done({
        type: "mcp_approval_request",
        id: "mcpr_1",
        name: "roll",
        server_label: "dice",
        arguments: '{"n":2}',
      }),
      completed,
    )
    assert.deepInclude(dataOf(heard, "interrupt")[0], {
      interruptId: "mcpr_1",
      reason: "mcp_approval_request",
      message: "Approve roll of dice?",
      toolName: "roll",
      arguments: { n: 2 },
    })
    assert.strictEqual(heard.finished?.finishReason, "interrupt")
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

describe("the events of a response", () => {
  it("may be cut anywhere, have CRLF, obfuscation, unknown types and numbers of Python", () => {
    const unknown = 'data: {"type": "response.vendor.progress", "value": NaN, "item": 7}\r\n\r\n'
    const body =
      unknown +
      frame({ ...text("Grüße, 你好"), obfuscation: "xxxx" }).replaceAll("\n", "\r\n") +
      frame(completed)
    const bytes = encoder.encode(body)
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

/** Calls and approvals that the test servers do not send. */
import type { ResponseOutputItem } from "openai/resources/responses/responses"
import { assert, describe, it } from "@effect/vitest"
import { added, at, completed, dataOf, done, ended, played, sent, text } from "./events.ts"

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

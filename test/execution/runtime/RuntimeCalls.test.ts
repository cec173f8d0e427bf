import { assert, describe, it } from "@effect/vitest"
import { crlf, frame, hearText, type Wire } from "./recording.ts"

const start = (tool: string): Wire => ["tool_call_start", { tool_name: tool, arguments: {} }]
const complete = (tool: string, result = 1): Wire => [
  "tool_call_complete",
  { tool_name: tool, result, success: true },
]
const mcp = (server: string): Wire => ["mcp_call_start", { server_id: server, tool_name: "a", arguments: {} }]
const mcpDone = (server: string): Wire => [
  "mcp_call_complete",
  { server_id: server, tool_name: "a", success: true },
]
const stepStart = (id: string): Wire => ["plan_step_start", { step_id: id, title: id, tool: "a", params: {} }]
const stepDone = (id: string): Wire => ["plan_step_complete", { step_id: id, title: id }]
const stepFailed = (id: string): Wire => ["plan_step_failed", { step_id: id, title: id, error: "no" }]
const plan: Wire = ["plan_created", { steps: [{ id: "s1", title: "s1" }] }]

/** Each result with its call and its step. */
const results = (...wire: ReadonlyArray<Wire>): ReadonlyArray<unknown> =>
  hearText(...wire.map((one) => frame(one))).events.flatMap((event) => {
    if (event._tag !== "Message" || !event.draft.type.endsWith("_result")) return []
    const { callId, stepId } = event.draft.metadata ?? {}
    return [[(event.draft.data as { result: unknown }).result, callId, stepId]]
  })

describe("a call's result", () => {
  it("goes to the one open call of its kind and name", () => {
    assert.deepStrictEqual(
      results(mcp("m"), start("a"), mcp("n"), start("b"), ...[complete("b"), mcpDone("n"), complete("a")]),
      [
        [1, "call-4", undefined],
        [null, "call-3", undefined],
        [1, "call-2", undefined],
      ],
    )
  })

  it("goes to the call of the step that ends next, when several of its name are open", () => {
    const parallel = [stepStart("s1"), start("a"), stepStart("s2"), start("a"), stepStart("s3"), start("a")]
    assert.deepStrictEqual(
      results(
        ...parallel,
        ...[complete("a", 2), stepDone("s2"), complete("a", 3), stepFailed("s3")],
        ...[complete("a", 1), stepDone("s1")],
      ),
      [
        [2, "call-2", "s2"],
        [3, "call-3", "s3"],
        [1, "call-1", "s1"],
      ],
    )
  })

  it("stands before the end of its step, also when a ping comes between", () => {
    const types = hearText(
      ...[stepStart("s1"), start("a"), stepStart("s2"), start("a"), complete("a")].map((one) => frame(one)),
      frame(["ping", {}]),
      frame(stepDone("s2")),
    ).events.map((event) => (event._tag === "Message" ? event.draft.type : event._tag))
    assert.deepStrictEqual(types.slice(-2), ["tool_result", "plan_step"])
  })

  it("names no call where it is not certain which one", () => {
    const two = [start("a"), start("a")]
    assert.deepStrictEqual(results(...two, complete("a"), ["text_chunk", { content: "x" }]), [
      [1, undefined, undefined],
    ])
    assert.deepStrictEqual(results(...two, complete("a")), [[1, undefined, undefined]])
    assert.deepStrictEqual(results(...two, complete("a"), stepDone("s9")), [[1, undefined, undefined]])
    assert.deepStrictEqual(results(complete("a")), [[1, undefined, undefined]])
    assert.deepStrictEqual(results(...two, complete("a"), ["execution_error", { error: "no" }]), [
      [1, undefined, undefined],
    ])
  })

  it("does not go to a call of an earlier plan or of the same step's first time, which ended by an exception", () => {
    const lost = [stepStart("s1"), start("a")]
    assert.deepStrictEqual(results(...lost, plan, start("a"), complete("a")), [[1, "call-2", undefined]])
    assert.deepStrictEqual(results(...lost, ...lost, complete("a")), [[1, "call-2", "s1"]])
    assert.deepStrictEqual(results(...lost, stepStart("s2"), start("a"), complete("a"), stepDone("s2")), [
      [1, "call-2", "s2"],
    ])
  })
})

describe("an event that cannot be read and may have been a call", () => {
  const unreadable: ReadonlyArray<string> = [
    `data: {"event": "tool_call_start", "data": {"tool_name": "pay", "argu${crlf}${crlf}`,
    `data: {"event": "mcp_call_complete", "data": {"result": undefined}}${crlf}${crlf}`,
    frame(["function_call_start", { name: "pay" }]),
    `data: {"data": "skill_call_start"}${crlf}${crlf}`,
  ]

  it.each(unreadable)("is shown once as a call, so that nothing runs again: %j", (bad) => {
    const heard = hearText(bad.repeat(2), frame(["text_chunk", { content: "after" }]), frame(start("a")))
    assert.isUndefined(heard.error)
    const drafts = heard.events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
    assert.deepStrictEqual(
      drafts.map(({ metadata, type }) => [type, metadata?.callId]),
      [
        ["tool_call", "call-1"],
        ["text", undefined],
        ["tool_call", "call-2"],
      ],
    )
    assert.deepInclude(drafts[0]?.data, { toolName: "unknown", status: "error" })
  })

  it("adds no call to one that is known", () => {
    const heard = hearText(frame(start("a")), unreadable[0]!)
    assert.lengthOf(heard.events, 1)
  })

  it("is a call that may have been made when it is too large to be read", () => {
    const large = frame(["tool_call_start", { tool_name: "t", arguments: "x".repeat(2 * 1024 * 1024) }])
    const text = frame(["text_chunk", { content: "x".repeat(2 * 1024 * 1024) }])
    const thinking = frame(["thinking", { content: "hm" }])
    const pieces = (whole: string) => whole.match(/[^]{1,65536}/g) ?? []
    const inMark = large.indexOf("_call_") + 3
    const split = [large.slice(0, inMark), ...pieces(large.slice(inMark))]
    for (const chunks of [[large], pieces(large), pieces(thinking + large), split])
      assert.deepInclude(hearText(...chunks).error?.detail, { _tag: "UpstreamGarbled", called: true })
    for (const chunks of [[text], pieces(text), pieces(thinking + text)])
      assert.notProperty(hearText(...chunks).error?.detail, "called")
  })
})

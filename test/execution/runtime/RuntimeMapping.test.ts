import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as RuntimeMapping from "../../../src/execution/runtime/RuntimeMapping.ts"
import { eventNames, RuntimeEvent } from "../../../src/execution/runtime/RuntimeWire.ts"
import { runId } from "../../support/fixtures.ts"
import type { Wire } from "./recording.ts"

const decode = Schema.decodeUnknownSync(RuntimeEvent)
const fileUrl = `/api/v1/chat/runs/${runId}/files/f%201`

/** The executor's events for a sequence of the runtime's events: drafts, `"Finished"`, or the error. */
const said = (...wire: ReadonlyArray<Wire>): ReadonlyArray<unknown> => {
  let state = RuntimeMapping.initial(runId)
  return wire.flatMap(([event, data]): ReadonlyArray<unknown> => {
    const mapped = RuntimeMapping.next(state, decode({ event, data, timestamp: "t" }))
    if (mapped.error !== undefined) return [{ ...mapped.error, message: mapped.error.message }]
    state = mapped.state
    return mapped.events.map((out) => (out._tag === "Message" ? out.draft : out._tag))
  })
}

/** The table of protocol.md: one event per row. */
const rows: ReadonlyArray<readonly [Wire, unknown]> = [
  [
    ["thinking", { content: "hm", stage: "planning" }],
    { type: "thinking", data: { content: "hm", stage: "planning" } },
  ],
  [
    ["plan_created", { steps: [{ id: "s1", title: "A" }] }],
    { type: "plan", data: { steps: [{ id: "s1", title: "A", status: "pending" }], currentStep: "" } },
  ],
  [
    ["plan_step_start", { step_id: "s1", title: "A", tool: null, params: { q: 1 } }],
    {
      type: "plan_step",
      data: { stepId: "s1", title: "A", status: "running", params: { q: 1 } },
      metadata: { stepId: "s1" },
    },
  ],
  [
    ["plan_step_complete", { step_id: "s1", title: "A", result: { n: 1 }, duration_ms: 5 }],
    {
      type: "plan_step",
      data: { stepId: "s1", title: "A", status: "completed", result: { n: 1 }, durationMs: 5 },
      metadata: { stepId: "s1" },
    },
  ],
  [
    ["plan_step_failed", { step_id: "s1", title: "A", error: "no" }],
    {
      type: "plan_step",
      data: { stepId: "s1", title: "A", status: "failed", error: "The step failed." },
      metadata: { stepId: "s1" },
    },
  ],
  [
    ["tool_call_start", { tool_name: "find", arguments: { q: 1 } }],
    {
      type: "tool_call",
      data: { toolName: "find", arguments: { q: 1 }, status: "calling" },
      metadata: { callId: "call-1" },
    },
  ],
  [
    ["tool_call_complete", { tool_name: "find", result: [1], success: true, error: null, duration: 5 }],
    { type: "tool_result", data: { toolName: "find", result: [1], success: true, duration: 5 } },
  ],
  [
    ["skill_call_start", { skill_id: "k", skill_name: "sum", tool_name: "sum", arguments: null }],
    {
      type: "skill_call",
      data: { skillId: "k", skillName: "sum", arguments: {}, status: "calling" },
      metadata: { callId: "call-1" },
    },
  ],
  [
    ["skill_call_complete", { skill_id: "k", skill_name: "sum", success: false, error: "no" }],
    {
      type: "skill_result",
      data: { skillId: "k", skillName: "sum", result: null, success: false, error: "The skill failed." },
    },
  ],
  [
    ["mcp_call_start", { server_id: "m", tool_name: "find", arguments: {} }],
    {
      type: "mcp_call",
      data: { serverId: "m", toolName: "find", arguments: {}, status: "calling" },
      metadata: { callId: "call-1" },
    },
  ],
  [
    ["mcp_call_complete", { server_id: "m", tool_name: "find", result: null, success: true }],
    { type: "mcp_result", data: { serverId: "m", toolName: "find", result: null, success: true } },
  ],
  [["text_chunk", { content: "Hel" }], { type: "text", data: { content: "Hel" } }],
  [
    [
      "file_created",
      { file_id: "f 1", filename: "a.csv", mime_type: "text/csv", size: 9, url: "http://runtime/f/1" },
    ],
    { type: "file", data: { url: fileUrl, filename: "a.csv", mimeType: "text/csv", size: 9 } },
  ],
]

/** A tool's failure text may contain hosts, keys and SQL. */
const failures: ReadonlyArray<readonly [Wire, unknown]> = [
  [
    [
      "tool_call_complete",
      { tool_name: "find", result: { sql: "canary" }, success: false, error: "connect db-7.internal" },
    ],
    {
      type: "tool_result",
      data: { toolName: "find", result: null, success: false, error: "The tool failed." },
    },
  ],
  [
    [
      "tool_call_complete",
      { tool_name: "find", result: 1, success: true, error: "warning of db-7.internal" },
    ],
    { type: "tool_result", data: { toolName: "find", result: 1, success: true } },
  ],
  [
    ["mcp_call_complete", { server_id: "m", tool_name: "find", success: false, error: "db-7.internal" }],
    {
      type: "mcp_result",
      data: {
        serverId: "m",
        toolName: "find",
        result: null,
        success: false,
        error: "The MCP tool failed.",
      },
    },
  ],
]

describe("the mapping of the runtime's events", () => {
  it.each([...rows, ...failures])("%j", (wire, expected) => {
    assert.deepStrictEqual(said(wire), [expected])
  })

  it("fault 4: execution_error fails the attempt with all that it says", () => {
    const data = {
      error: "no",
      code: "EXTERNAL_TOOL_TIMEOUT",
      httpStatus: 504,
      details: { tool: "x" },
      traceId: "t",
    }
    const { error: message, ...rest } = data
    assert.deepInclude(said(["execution_error", data])[0], {
      _tag: "UpstreamFailed",
      upstream: "runtime",
      message,
      ...rest,
    })
    assert.deepInclude(said(["execution_error", { error: "no" }])[0], {
      _tag: "UpstreamFailed",
      code: "",
      message: "no",
    })
    assert.deepInclude(
      said(["execution_error", { error: "no", code: "EXECUTION_CANCELLED", httpStatus: 499 }])[0],
      {
        _tag: "UpstreamCancelled",
      },
    )
  })

  it("fault 7: a ping becomes nothing, and so does the end", () => {
    assert.deepStrictEqual(said(["ping", {}], ["execution_complete", { final_response: "All" }]), [])
  })

  it("has a row for every event of the wire", () => {
    const tested = [...rows.map(([[event]]) => event), "execution_complete", "execution_error", "ping"]
    assert.sameMembers(tested, [...eventNames])
    assert.lengthOf(tested, 16)
  })

  it("shows a sub-agent's text as thinking, and later text as the answer", () => {
    const names = { skill_id: "sub-1", skill_name: "subagent:sub-1" }
    const types = said(
      ["skill_call_start", { ...names, arguments: {} }],
      ["text_chunk", { content: "its own" }],
      ["skill_call_complete", { ...names, result: "its own", success: true }],
      ["text_chunk", { content: "the answer" }],
    )
    assert.deepStrictEqual(types.slice(1), [
      { type: "thinking", data: { content: "its own" }, metadata: { callId: "call-1" } },
      {
        type: "skill_result",
        data: { skillId: "sub-1", skillName: "subagent:sub-1", result: "its own", success: true },
        metadata: { callId: "call-1" },
      },
      { type: "text", data: { content: "the answer" } },
    ])
  })

  it("keeps the sub-agent at work when it plans and starts steps of the same names", () => {
    const names = { skill_id: "sub-1", skill_name: "subagent:sub-1" }
    const types = said(
      ["plan_step_start", { step_id: "s1", title: "A" }],
      ["skill_call_start", { ...names, arguments: {} }],
      ["plan_created", { steps: [{ id: "s1", title: "B" }] }],
      ["plan_step_start", { step_id: "s1", title: "B" }],
      ["text_chunk", { content: "its own" }],
    ).map((draft) => (draft as { type: string }).type)
    assert.deepStrictEqual(types.slice(2), ["plan", "plan_step", "thinking"])
  })

  it("names the running plan step on what happens within it, and on nothing after it", () => {
    const step = (event: string): Wire => [event, { step_id: "s1", title: "A" }]
    const inside: ReadonlyArray<Wire> = [
      ["thinking", { content: "hm" }],
      ["tool_call_start", { tool_name: "a", arguments: {} }],
      ["text_chunk", { content: "x" }],
      ["file_created", { file_id: "f", filename: "f", mime_type: "m", url: "/f" }],
    ]
    for (const end of ["plan_step_complete", "plan_step_failed"]) {
      const drafts = said(step("plan_step_start"), ...inside, step(end), ["text_chunk", { content: "y" }])
      const steps = drafts.map((draft) => (draft as { metadata?: { stepId?: string } }).metadata?.stepId)
      assert.deepStrictEqual(steps, ["s1", "s1", "s1", "s1", "s1", "s1", undefined])
    }
  })

  it("leaves out a stage that the protocol does not have", () => {
    assert.deepStrictEqual(said(["thinking", { content: "hm", stage: "dreaming" }]), [
      { type: "thinking", data: { content: "hm" } },
    ])
  })

  it("fault 11: a file's path stays inside, whatever address the runtime names", () => {
    const data = { file_id: "../x?", filename: "a", mime_type: "m", url: "http://10.0.0.7:8801/files/1" }
    const mapped = RuntimeMapping.next(RuntimeMapping.initial(runId), decode({ event: "file_created", data }))
    const [event] = mapped.events
    assert.deepNestedInclude(event, {
      "draft.data.url": `/api/v1/chat/runs/${runId}/files/..%2Fx%3F`,
      file: { fileId: "../x?", path: "http://10.0.0.7:8801/files/1", filename: "a", mimeType: "m" },
    })
    assert.notInclude(JSON.stringify(event?._tag === "Message" && event.draft), "10.0.0.7")
  })
})

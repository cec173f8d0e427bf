import { describe, expect, it } from "vitest"
import * as RuntimeErrorText from "../../../src/domain/RuntimeErrorText.ts"
import { errorPolicyOf } from "../../../src/execution/ExecutionError.ts"
import { decode, facts, finished, sse, started } from "./replay.ts"

const messageId = "m-1"
const text = (delta: string, fields: object = {}) => ({
  type: "TEXT_MESSAGE_CONTENT",
  messageId,
  delta,
  ...fields,
})
const callStart = { type: "TOOL_CALL_START", toolCallId: "c-1", toolCallName: "search" }
const callArgs = (delta: string) => ({ type: "TOOL_CALL_ARGS", toolCallId: "c-1", delta })
const callEnd = { type: "TOOL_CALL_END", toolCallId: "c-1" }
const result = { type: "TOOL_CALL_RESULT", toolCallId: "c-1", messageId: "t-1", content: "found" }
const custom = (value: unknown) => ({ type: "CUSTOM", name: "agent2ui", value })
const mebi = 1024 * 1024

const played = (...events: ReadonlyArray<unknown>) => decode([sse(started, ...events)])
const codeOf = ({ error }: ReturnType<typeof played>) =>
  error === undefined ? undefined : errorPolicyOf(error).code
const typesOf = ({ drafts }: ReturnType<typeof played>) => drafts.map(({ type }) => type)

describe("large events", () => {
  const raw = { type: "RAW", event: { prompt: "x".repeat(3 * mebi) } }

  it("drops RAW events, whatever the order of their fields", () => {
    const other = { timestamp: 1, type: "RAW", event: "x".repeat(3 * mebi) }
    const late = { timestamp: 1, metadata: { a: { b: 1 } }, type: "RAW", event: "small" }
    const seen = played(raw, text("a"), other, late, text("b"), raw, finished)
    expect(seen.text).toBe("ab")
    expect(seen.error).toBeUndefined()
  })

  it("keeps little of a RAW event that arrives in pieces", () => {
    const bytes = sse(raw, text("a"), finished)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, at) =>
      bytes.subarray(at * 4096, (at + 1) * 4096),
    )
    expect(decode(pieces).text).toBe("a")
  })

  it("reads an event with a rawEvent of 3 MiB before or after its fields", () => {
    const rawEvent = { prompt: "x".repeat(3 * mebi) }
    expect(
      played(
        { type: "TEXT_MESSAGE_CONTENT", rawEvent, messageId, delta: "a" },
        text("b", { rawEvent }),
        finished,
      ).text,
    ).toBe("ab")
  })

  it("reads snapshots of 3 MiB", () => {
    const state = { type: "STATE_SNAPSHOT", snapshot: { document: "x".repeat(3 * mebi) } }
    const messages = {
      type: "MESSAGES_SNAPSHOT",
      messages: [{ id: "s", role: "system", content: "x".repeat(3 * mebi) }],
    }
    expect(played(state, text("a"), messages, finished).text).toBe("a")
  })

  it.each<readonly [string, unknown, boolean | undefined]>([
    ["a text of 2 MiB", text("x".repeat(2 * mebi)), undefined],
    ["a call of 2 MiB", callArgs("x".repeat(2 * mebi)), true],
    ["a RAW event of 17 MiB", { type: "RAW", event: "x".repeat(17 * mebi) }, undefined],
    ["a snapshot of 17 MiB", { type: "STATE_SNAPSHOT", snapshot: "x".repeat(17 * mebi) }, undefined],
  ])("fails at %s, before it ends", (_, event, called) => {
    const whole = sse(started, event)
    const { error } = decode([whole.subarray(0, whole.length - 5)])
    expect(error).toMatchObject({ _tag: "UpstreamGarbled", detail: "an event is too large" })
    expect(error !== undefined && "called" in error ? error.called : undefined).toBe(called)
  })
})

describe("undecodable events", () => {
  const bad = custom({ type: "text", data: { content: 7 } })

  it("skips up to four in a row", () => {
    expect(played(bad, bad, bad, bad, text("a"), bad, finished).text).toBe("a")
  })

  it("fails at the fifth in a row, of any kind", () => {
    const odd = [bad, { no: "type" }, "text", { type: "STEP_STARTED" }, custom({ type: "retract" })]
    expect(codeOf(played(...odd, text("a"), finished))).toBe("UPSTREAM_GARBLED")
  })

  it("skips unknown events without end", () => {
    const unknown = Array.from({ length: 20 }, () => ({ type: "VENDOR_NEWS" }))
    expect(played(...unknown, text("a"), finished).text).toBe("a")
  })

  it("shows an unknown call for an unreadable event that may be one, so that the turn does not run again", () => {
    const bytes = new TextEncoder().encode('data: {"type":"TOOL_CALL_START","toolCallId":\n\n')
    const seen = decode([sse(started), bytes, sse(text("a"), finished)])
    expect(typesOf(seen)).toEqual(["tool_call", "tool_result", "text"])
  })

  it("fails at a call with unusable data, as a call that was made", () => {
    expect(played({ ...callStart, toolCallId: 7 }).error).toMatchObject({ called: true })
  })

  it("fails at an error without a message, as at any other error", () => {
    expect(codeOf(played({ type: "RUN_ERROR" }))).toBe("UPSTREAM_FAILED")
  })

  it("counts null as absent, and reads no timestamp", () => {
    const odd = { timestamp: "yesterday", parentMessageId: null, metadata: null }
    const seen = played({ ...callStart, ...odd }, { ...callEnd, ...odd }, { ...result, role: null }, finished)
    expect(typesOf(seen)).toEqual(["tool_call", "tool_result"])
  })
})

describe("ends", () => {
  it("reads nothing after RUN_FINISHED", () => {
    const seen = played(text("a"), finished, text("b"), { type: "RUN_ERROR", message: "late" })
    expect(seen.text).toBe("a")
    expect(seen.error).toBeUndefined()
  })

  it("reads nothing after RUN_ERROR", () => {
    const seen = played({ type: "RUN_ERROR", message: "no", code: "BUSY" }, text("b"), finished)
    expect(seen.text).toBe("")
    expect(codeOf(seen)).toBe("BUSY")
    expect(seen.finished).toBeUndefined()
  })

  it.each([
    ["<class 'openai.InternalServerError'>", "UPSTREAM_FAILED"],
    ["X".repeat(5000), "UPSTREAM_FAILED"],
    ["CANCELLED", "EXECUTION_CANCELLED"],
  ])("gives users a code of its own for the error code %s", (code, expected) => {
    const seen = played({ type: "RUN_ERROR", message: "sk-canary-0000", code })
    expect(codeOf(seen)).toBe(expected)
    expect(JSON.stringify(errorPolicyOf(seen.error!))).not.toContain("canary")
  })

  it("fails when the run was cancelled", () => {
    expect(codeOf(played(text("a"), { ...finished, outcome: { type: "cancelled" } }))).toBe(
      "EXECUTION_CANCELLED",
    )
  })

  it("sums the usage of a run", () => {
    const usage = [
      { model: "m-7", inputTokens: 3, outputTokens: 4 },
      { model: "m-7", inputTokens: 5, outputTokens: 6, totalTokens: 11 },
    ]
    const seen = played(text("a"), { ...finished, usage })
    expect(seen.finished).toMatchObject({
      model: "m-7",
      usage: { tokens: 18, inputTokens: 8, outputTokens: 10 },
    })
  })

  it("ignores a bad figure of the usage", () => {
    expect(
      played(text("a"), { ...finished, usage: [{ inputTokens: "many" }] }).finished?.usage,
    ).toBeUndefined()
  })

  it("fails an answer that reports a failure as text", () => {
    const said = text("I encountered an error: sk-canary-0000. Please try again.")
    const seen = decode([sse(started, said, finished)], facts({ errorPatterns: RuntimeErrorText.defaults }))
    expect(codeOf(seen)).toBe("UPSTREAM_FAILED")
    expect(seen.text).toBe("")
  })
})

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

describe("parts of an answer", () => {
  it("shows nothing for text of other roles, and for empty text", () => {
    const start = { type: "TEXT_MESSAGE_START", messageId: "u-1", role: "user" }
    expect(played(start, text("echo", { messageId: "u-1" }), text(""), finished).drafts).toEqual([])
  })

  it("reads the names of reasoning before 1.0", () => {
    const seen = played(
      { type: "THINKING_START" },
      { type: "THINKING_TEXT_MESSAGE_START" },
      { type: "THINKING_TEXT_MESSAGE_CONTENT", delta: "hm" },
      { type: "THINKING_TEXT_MESSAGE_END" },
      { type: "THINKING_END" },
      text("a"),
      finished,
    )
    expect(seen.drafts).toMatchObject([
      { type: "thinking", data: { content: "hm", stage: "reasoning" } },
      { type: "text" },
    ])
  })

  it("shows a sub-agent as a skill, and its text as thinking", () => {
    const subagentRunId = "s-1"
    const seen = played(
      { type: "SUBAGENT_STARTED", subagentRunId, name: "researcher" },
      text("hm", { subagentRunId }),
      { type: "SUBAGENT_ERROR", subagentRunId, message: "sk-canary-0000" },
      text("a"),
      finished,
    )
    expect(seen.drafts).toMatchObject([
      { type: "skill_call", data: { skillName: "subagent:researcher" }, metadata: { callId: "s-1" } },
      { type: "thinking", data: { content: "hm" }, metadata: { callId: "s-1" } },
      { type: "skill_result", data: { success: false, error: "The sub-agent failed." } },
      { type: "text" },
    ])
    expect(seen.text).toBe("a")
  })

  it("shows an activity with steps as a plan, whole after each change", () => {
    const steps = [{ title: "One", status: "in_progress" }, { title: "Two" }]
    const seen = played(
      { type: "ACTIVITY_SNAPSHOT", messageId: "p", activityType: "PLAN", content: { steps } },
      {
        type: "ACTIVITY_DELTA",
        messageId: "p",
        activityType: "PLAN",
        patch: [{ op: "replace", path: "/steps/0/status", value: "done" }],
      },
      text("a"),
      finished,
    )
    const statuses = seen.drafts.map((draft) =>
      draft.type === "plan" ? draft.data.steps.map(({ status }) => status) : draft.type,
    )
    expect(statuses).toEqual([["running", "pending"], ["completed", "pending"], "text"])
  })

  it("passes a valid draft of the agent on", () => {
    const chart = { type: "chart", data: { chartType: "bar", series: [{ name: "a", data: [1] }] } }
    expect(played(custom(chart), finished).drafts).toEqual([chart])
  })

  it("replaces the text of a failure in a draft of the agent", () => {
    const failed = {
      type: "mcp_result",
      data: { serverId: "s", toolName: "t", result: null, success: false, error: "sk-canary-0000" },
    }
    expect(JSON.stringify(played(custom(failed), text("a"), finished).drafts)).not.toContain("canary")
  })

  it.each(["retract", "fallback", "interrupt"])("refuses a draft of type %s", (type) => {
    const data = {
      runId: "r",
      fromSeq: 1,
      toSeq: 2,
      reason: "x",
      from: "a",
      to: "b",
      code: "c",
      interruptId: "i",
    }
    expect(typesOf(played(custom({ type, data }), text("a"), finished))).toEqual(["text"])
  })
})

describe("snapshots", () => {
  const user = { id: "u-1", role: "user", content: "Hi" }
  const answer = (content: string) => ({
    type: "MESSAGES_SNAPSHOT",
    messages: [user, { id: "a-1", role: "assistant", content }],
  })
  const given = facts({ user: { id: "u-1", content: "Hi" } })
  const withSnapshot = (...events: ReadonlyArray<unknown>) => decode([sse(started, ...events)], given)

  it("shows text that only the snapshot has", () => {
    expect(withSnapshot(answer("Hello"), finished).text).toBe("Hello")
  })

  it("completes text that lost its end", () => {
    expect(withSnapshot(text("Hel"), answer("Hello"), finished).text).toBe("Hello")
  })

  it("takes back text that the snapshot contradicts", () => {
    const seen = withSnapshot(text("Hallo"), answer("Hello"), finished)
    expect(typesOf(seen)).toEqual(["text", "retract", "text"])
  })

  it("shows no answer of an earlier turn", () => {
    const earlier = {
      type: "MESSAGES_SNAPSHOT",
      messages: [
        { id: "u-0", role: "user", content: "Before" },
        { id: "a-0", role: "assistant", content: "An old answer" },
      ],
    }
    const seen = withSnapshot(earlier, text("Hello"), finished)
    expect(seen.text).toBe("Hello")
    expect(seen.finished?.record?.data).toMatchObject({ messages: [{ id: "m-1", content: "Hello" }] })
  })
})

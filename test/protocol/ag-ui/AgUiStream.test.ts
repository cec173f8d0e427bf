import { assert, describe, it } from "@effect/vitest"
import { EventType, type Message as ClientMessage } from "@ag-ui/core"
import type { Draft, Message } from "../../../src/protocol/agent2ui/Message.ts"
import { agUi } from "../../../src/protocol/ag-ui/AgUi.ts"
import type { LogEntry } from "../../../src/runs/RunEvent.ts"
import {
  planStep,
  run,
  runId,
  sessionId,
  table,
  text,
  thinking,
  toolCall,
  toolResult,
} from "../../support/fixtures.ts"
import { content, interrupt, subAgent, subAgentResult, typesOf } from "./played.ts"
import { bytesOf, done, read, request } from "./reading.ts"

describe("the AG-UI stream of a run", () => {
  it("repeats the client's ids and names the gateway's own", async () => {
    const { complaints, events, finished, result } = await read(
      bytesOf([text("Hi")], { parentRunId: "r-0", ignored: ["tools"] }),
    )
    assert.deepStrictEqual(complaints, [])
    assert.deepInclude(events[0], {
      type: EventType.RUN_STARTED,
      threadId: "t-1",
      runId: "r-1",
      parentRunId: "r-0",
      protocolVersion: "1.0",
      metadata: { agent2ui: { sessionId, runId, ignored: ["tools"] } },
    })
    assert.deepInclude(finished, { threadId: "t-1", runId: "r-1", outcome: { type: "success" } })
    assert.deepStrictEqual(finished?.usage, [
      { model: "m-1", inputTokens: 3, outputTokens: 4, totalTokens: 7 },
    ])
    assert.deepStrictEqual(result, done)
  })

  it("reports no tokens as a provider's that are estimated or came from the cache", async () => {
    for (const own of [{ estimated: true }, { cached: true }]) {
      const encoder = agUi(request).encoder(run())
      const data = { ...done, usage: { ...done.usage, ...own } }
      const bytes = encoder.opening(0) + encoder.frames([{ seq: 1, event: { event: "done", data } }])
      const { finished, result } = await read(bytes)
      assert.isUndefined(finished?.usage)
      assert.deepStrictEqual(result, data)
    }
  })

  it("shows text, Markdown and code as messages in order with thoughts and calls", async () => {
    const { complaints, messages } = await read(
      bytesOf([
        thinking("Hm"),
        thinking("m."),
        { type: "thinking", data: { content: "A plan.", stage: "planning" } },
        text("a"),
        { type: "markdown", data: { content: "*b*" } },
        { type: "code", data: { language: "ts", code: "const a = `b`\n```" } },
        toolCall("c1"),
        toolResult("c1"),
        text("z"),
      ]),
    )
    assert.deepStrictEqual(complaints, [])
    assert.deepStrictEqual(content(messages), [
      'reasoning: "Hmm."',
      'reasoning: "A plan."',
      'assistant: "a*b*\\n````ts\\nconst a = `b`\\n```\\n````\\n"',
      "assistant: null",
      'tool: "null"',
      'assistant: "z"',
    ])
  })

  it("distinguishes failed results, and says the kind of each call", async () => {
    const { complaints, messages } = await read(
      bytesOf([
        toolCall("c1"),
        {
          type: "tool_result",
          data: { toolName: "charge", result: { at: 1 }, success: false, error: "declined", duration: 3 },
          metadata: { callId: "c1" },
        },
        {
          type: "mcp_call",
          data: { serverId: "m-1", toolName: "find", arguments: { q: 1 }, status: "calling" },
          metadata: { callId: "c2", stepId: "s1" },
        },
        {
          type: "mcp_result",
          data: { serverId: "m-1", toolName: "find", result: "found", success: true },
          metadata: { callId: "c2" },
        },
      ]),
    )
    assert.deepStrictEqual(complaints, [])
    const [failedCall, failed, call, found] = messages
    assert.deepInclude(failed, { role: "tool", toolCallId: `${runId}/c1` })
    assert.deepStrictEqual(JSON.parse(String(failed?.content)), { error: "declined", result: { at: 1 } })
    assert.deepStrictEqual(failed?.metadata, {
      agent2ui: { success: false, error: "declined", duration: 3 },
    })
    assert.deepStrictEqual(found?.content, "found")
    assert.deepNestedInclude(failedCall, { "toolCalls[0].metadata.agent2ui.kind": "tool" })
    assert.deepNestedInclude(call, {
      "toolCalls[0].id": `${runId}/c2`,
      "toolCalls[0].function": { name: "find", arguments: '{"q":1}' },
      "toolCalls[0].metadata.agent2ui": { kind: "mcp", serverId: "m-1", stepId: "s1" },
    })
  })

  it("gives each call a result before a successful end, so that no client executes one", async () => {
    const { complaints, events } = await read(bytesOf([toolCall("c1"), text("a")]))
    assert.deepStrictEqual(complaints, [])
    const result = events.find(({ type }) => type === EventType.TOOL_CALL_RESULT)
    assert.include(JSON.stringify(result), "reported no result")
  })

  it("ends a call whose id the agent uses again", async () => {
    const { complaints, messages } = await read(
      bytesOf([subAgent("c1"), subAgent("c1"), subAgentResult("c1", true)]),
    )
    assert.deepStrictEqual(complaints, [])
    assert.deepStrictEqual(content(messages), [
      "assistant: null",
      'tool: "{\\"error\\":\\"The agent reported no result.\\"}"',
      "assistant: null",
      'tool: "a poem"',
    ])
  })

  it("shows the call of a result without one, and matches results without an id by name", async () => {
    const lone: Draft = { type: "tool_result", data: { toolName: "find", result: 1, success: true } }
    const anonymous: Draft = {
      type: "tool_call",
      data: { toolName: "find", arguments: {}, status: "calling" },
    }
    const { complaints, messages } = await read(bytesOf([lone, anonymous, lone]))
    assert.deepStrictEqual(complaints, [])
    assert.deepStrictEqual(
      messages.map(({ role }) => role),
      ["assistant", "tool", "assistant", "tool"],
    )
  })

  it("shows the plan as one activity and its steps as steps", async () => {
    const { complaints, events, messages } = await read(
      bytesOf([
        {
          type: "plan",
          data: { steps: [{ id: "s1", title: "One", status: "pending" }], currentStep: "" },
        },
        planStep("s1"),
        { type: "plan_step", data: { stepId: "s2", title: "s1", status: "running" } },
        planStep("s1", "failed"),
      ]),
    )
    assert.deepStrictEqual(complaints, [])
    const steps = events.flatMap((event) =>
      "stepName" in event ? [`${event.type} ${String(event["stepName"])}`] : [],
    )
    assert.deepStrictEqual(steps, [
      "STEP_STARTED s1",
      "STEP_STARTED s1 (s2)",
      "STEP_FINISHED s1",
      "STEP_FINISHED s1 (s2)",
    ])
    assert.lengthOf(messages, 1)
    assert.deepInclude(messages[0], { role: "activity", activityType: "plan" })
    assert.deepNestedInclude(messages[0], {
      "content.steps[0].status": "failed",
      "content.currentStep": "s2",
    })
  })

  it("attributes a sub-agent's thoughts to its run", async () => {
    const poem: Draft = { type: "thinking", data: { content: "Roses" }, metadata: { callId: "c1" } }
    const ended = await read(bytesOf([subAgent("c1"), poem, subAgentResult("c1", true), text("a")]))
    assert.deepStrictEqual(ended.complaints, [])
    assert.deepInclude(
      ended.events.find(({ type }) => type === EventType.SUBAGENT_STARTED),
      { name: "poet", subagentRunId: `${runId}/c1`, parentToolCallId: `${runId}/c1` },
    )
    assert.deepInclude(
      ended.messages.find(({ role }) => role === "reasoning"),
      { content: "Roses", subagentRunId: `${runId}/c1` },
    )
    assert.include(typesOf(ended), "SUBAGENT_FINISHED")
    const failed = await read(bytesOf([subAgent("c1"), subAgentResult("c1", false)]))
    assert.deepStrictEqual(failed.complaints, [])
    assert.include(typesOf(failed), "SUBAGENT_ERROR")
  })

  it("writes other messages whole as CUSTOM events", async () => {
    const fallback: Draft = {
      type: "fallback",
      data: { from: "runtime_orchestrator", to: "direct_llm", reason: "r", code: "c" },
    }
    const { complaints, events } = await read(bytesOf([planStep("s1"), table, fallback, text("a")]))
    assert.deepStrictEqual(complaints, [])
    const values = events.flatMap((event) => ("value" in event ? [event["value"]] : []))
    assert.deepNestedInclude(values[0], { type: "table", data: { columns: [], rows: [] } })
    assert.deepNestedInclude(values[1], { type: "fallback", "data.code": "c" })
    assert.isBelow(typesOf({ events }).indexOf("STEP_FINISHED"), typesOf({ events }).lastIndexOf("CUSTOM"))
  })

  it("ends with the interrupts, each with its call", async () => {
    const { complaints, finished, messages } = await read(
      bytesOf([toolCall("c1"), interrupt({ callId: "c1" })]),
    )
    assert.deepStrictEqual(complaints, [])
    assert.deepStrictEqual(finished?.outcome, {
      type: "interrupt",
      interrupts: [
        {
          id: "i-1",
          reason: "tool_call",
          message: "Delete /x?",
          toolCallId: `${runId}/c1`,
          responseSchema: { type: "object" },
          expiresAt: "2030-01-01T00:00:00.000Z",
          metadata: {
            agent2ui: { toolName: "delete_file", arguments: { path: "/x" }, payload: { raw: 1 } },
          },
        },
      ],
    })
    assert.deepStrictEqual(
      messages.map(({ role }) => role),
      ["assistant"],
    )
  })

  it("shows the call of an interrupt that the agent did not announce", async () => {
    const { complaints, messages } = await read(bytesOf([interrupt({ callId: "c1" })]))
    assert.deepStrictEqual(complaints, [])
    assert.deepNestedInclude(messages[0], {
      "toolCalls[0].id": `${runId}/c1`,
      "toolCalls[0].function": { name: "delete_file", arguments: '{"path":"/x"}' },
    })
    const { finished } = await read(bytesOf([interrupt()]))
    assert.notInclude(JSON.stringify(finished?.outcome), "toolCallId")
  })

  it("continues the call of the interrupted run", async () => {
    const toolCallId = "0189/c1"
    const earlier: ClientMessage = {
      id: "a-1",
      role: "assistant",
      toolCalls: [{ id: toolCallId, type: "function", function: { name: "charge", arguments: '{"a":1}' } }],
    }
    const calls = new Map([["c1", { toolCallId, name: "charge" }]])
    for (const drafts of [[toolResult("c1")], [toolCall("c1"), toolResult("c1")]]) {
      const { complaints, messages } = await read(bytesOf(drafts, { calls }), [earlier])
      assert.deepStrictEqual(complaints, [])
      assert.lengthOf(messages, 2)
      assert.deepNestedInclude(messages[0], { "toolCalls[0].function.arguments": '{"a":1}' })
      assert.deepInclude(messages[1], { role: "tool", toolCallId })
    }
  })

  it("reports a cancel as an outcome and a failure as an error, with everything closed", async () => {
    const ended = async (code: string) => {
      const encoder = agUi(request).encoder(run())
      const entries: ReadonlyArray<LogEntry> = [
        { seq: 1, event: { event: "message", data: { ...text("a"), id: "m", timestamp: "t" } as Message } },
        {
          seq: 2,
          event: { event: "message", data: { ...planStep("s1"), id: "n", timestamp: "t" } as Message },
        },
        { seq: 3, event: { event: "error", data: { code, message: "It broke.", runId, recoverable: true } } },
      ]
      return read(encoder.opening(0) + encoder.frames(entries))
    }
    const failed = await ended("UPSTREAM_TRUNCATED")
    assert.deepStrictEqual(failed.complaints, [])
    assert.deepStrictEqual(typesOf(failed).slice(-3), ["TEXT_MESSAGE_END", "STEP_FINISHED", "RUN_ERROR"])
    assert.deepInclude(failed.events.at(-1), { code: "UPSTREAM_TRUNCATED", message: "It broke." })
    const cancelled = await ended("EXECUTION_CANCELLED")
    assert.deepStrictEqual(cancelled.complaints, [])
    assert.deepStrictEqual(cancelled.finished?.outcome, { type: "cancelled" })
  })

  it("closes everything before the error that ends a stream early", async () => {
    const encoder = agUi(request).encoder(run())
    const message = { ...text("a"), id: "m", timestamp: "t" } as Message
    const begun =
      encoder.opening(0) + encoder.frames([{ seq: 1, event: { event: "message", data: message } }])
    const closed = await read(begun + encoder.closing({ code: "SHUTTING_DOWN", message: "Later." }, 1))
    assert.deepStrictEqual(closed.complaints, [])
    assert.deepStrictEqual(typesOf(closed).slice(-2), ["TEXT_MESSAGE_END", "RUN_ERROR"])
    assert.isTrue(encoder.ended)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Downlevel } from "../../../src/protocol/agent2ui/Downlevel.ts"
import { Message, type MessageType, messageTypes } from "../../../src/protocol/agent2ui/Message.ts"
import { schemaOf } from "./messages.ts"

/** Protocol 1, as protocol.md says it: the types up to `report` without those that came later. */
const known: ReadonlySet<string> = new Set(
  "text markdown thinking code table chart image file plan progress tool_call tool_result error report".split(
    " ",
  ),
)

/** The result for each type that an old reader does not know. */
const rewritten: Partial<Record<MessageType, string>> = {
  plan_step: "plan",
  skill_call: "tool_call",
  skill_result: "tool_result",
  mcp_call: "tool_call",
  mcp_result: "tool_result",
  interrupt: "text",
}

const leftOut: ReadonlySet<MessageType> = new Set<MessageType>([
  "sandbox_log",
  "sandbox_output",
  "sandbox_status",
  "fallback",
  "retract",
])

const isMessage = Schema.is(Message)

/** Every message in it, itself and those of reports at any depth. */
const everyMessage = (message: Message): ReadonlyArray<Message> =>
  message.type === "report"
    ? [message, ...message.data.sections.flatMap(({ content }) => content.flatMap(everyMessage))]
    : [message]

const envelope = { id: "m1", timestamp: "2026-01-01T00:00:00.000Z" }

const messagesOf = (...messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const old = new Downlevel()
  return messages.flatMap((message) => old.messages(message))
}

describe("a reader of protocol 1", () => {
  for (const type of messageTypes) {
    it.prop(`gets for a ${type} only types that it knows`, { message: schemaOf(type) }, ({ message }) => {
      const old = messagesOf(message)
      if (leftOut.has(type)) return assert.deepStrictEqual(old, [])
      const expected = rewritten[type] ?? type
      const last = old.at(-1)
      assert.strictEqual(last?.type, expected)
      assert.lengthOf(old, expected === "tool_result" ? 2 : 1)
      for (const each of old) {
        assert.isTrue(isMessage(each))
        assert.strictEqual(each.timestamp, message.timestamp)
        assert.deepStrictEqual(each.metadata, message.metadata)
        for (const nested of everyMessage(each)) assert.isTrue(known.has(nested.type), nested.type)
      }
      assert.strictEqual(last?.id, message.id)
      if (expected === type && type !== "report") assert.strictEqual(last, message)
    })
  }

  it("gets nothing after text was taken back", () => {
    const old = new Downlevel()
    assert.isFalse(old.retracted)
    old.messages({ ...envelope, type: "retract", data: { runId: "r", fromSeq: 1, toSeq: 1, reason: "" } })
    assert.isTrue(old.retracted)
  })
})

describe("the plan of a reader of protocol 1", () => {
  const plan: Message = {
    ...envelope,
    type: "plan",
    data: {
      steps: [
        { id: "s1", title: "Search", status: "pending", description: "the web" },
        {
          id: "s2",
          title: "Write",
          status: "pending",
          substeps: [{ id: "s3", title: "Draft", status: "pending" }],
        },
      ],
      currentStep: "",
      progress: 0,
    },
  }
  const step = (
    stepId: string,
    status: "running" | "completed" | "failed",
    durationMs?: number,
  ): Message => ({
    ...envelope,
    type: "plan_step",
    data: {
      stepId,
      title: `${stepId}!`,
      status,
      tool: "t",
      ...(durationMs === undefined ? {} : { durationMs }),
    },
    metadata: { stepId },
  })
  const dataOf = (...messages: ReadonlyArray<Message>) => messagesOf(...messages).at(-1)?.data

  it("comes whole with each step, since these clients replace it", () => {
    assert.deepStrictEqual<unknown>(dataOf(plan, step("s1", "running")), {
      steps: [
        { id: "s1", title: "s1!", status: "running", description: "the web" },
        plan.type === "plan" && plan.data.steps[1],
      ],
      currentStep: "s1",
    })
    const later = dataOf(plan, step("s1", "running"), step("s1", "completed", 5), step("s3", "running"))
    assert.deepStrictEqual<unknown>(later, {
      steps: [
        { id: "s1", title: "s1!", status: "completed", description: "the web", durationMs: 5 },
        {
          id: "s2",
          title: "Write",
          status: "pending",
          substeps: [{ id: "s3", title: "s3!", status: "running" }],
        },
      ],
      currentStep: "s3",
    })
  })

  it("keeps the current step while another one ends", () => {
    const data = dataOf(plan, step("s1", "running"), step("s2", "failed"))
    assert.deepInclude(data, { currentStep: "s1" })
    assert.deepInclude(dataOf(plan, step("s1", "running"), step("s1", "failed")), { currentStep: "" })
  })

  it("gets a step that no plan announced as its last one", () => {
    const shown = { title: "s9!", status: "running" }
    assert.deepStrictEqual<unknown>(dataOf(step("s9", "running")), {
      steps: [{ id: "s9", ...shown }],
      currentStep: "s9",
    })
    assert.deepInclude(dataOf(plan, step("s9", "running")), { currentStep: "s9" })
  })

  it("is a new one after a change of mode", () => {
    const fallback: Message = {
      ...envelope,
      type: "fallback",
      data: { from: "a", to: "b", reason: "", code: "" },
    }
    assert.deepStrictEqual<unknown>(dataOf(plan, fallback, step("s9", "running")), {
      steps: [{ id: "s9", title: "s9!", status: "running" }],
      currentStep: "s9",
    })
  })
})

describe("the calls of a reader of protocol 1", () => {
  const call = (callId: string | undefined, q: number): Message => ({
    ...envelope,
    id: `call-${q}`,
    type: "mcp_call",
    data: { serverId: "s", toolName: "find", arguments: { q }, status: "calling" },
    ...(callId === undefined ? {} : { metadata: { callId } }),
  })
  const result = (callId: string | undefined, success: boolean): Message => ({
    ...envelope,
    type: "mcp_result",
    data: { serverId: "s", toolName: "find", result: { a: 1 }, success, error: "no", duration: 3 },
    ...(callId === undefined ? {} : { metadata: { callId } }),
  })
  const closed = (q: number, status: string, metadata: object = {}) => [
    {
      ...envelope,
      id: "m1:call",
      type: "tool_call",
      data: { toolName: "find", arguments: { q }, status, result: { a: 1 }, error: "no", duration: 3 },
      ...metadata,
    },
    {
      ...envelope,
      type: "tool_result",
      data: { toolName: "find", result: { a: 1 }, success: status === "success", error: "no", duration: 3 },
      ...metadata,
    },
  ]

  it("are closed by the call itself with its final status, then by the result", () => {
    const ids = { metadata: { callId: "b" } }
    assert.deepStrictEqual<unknown>(
      messagesOf(call("a", 1), call("b", 2), result("b", true)).slice(2),
      closed(2, "success", ids),
    )
  })

  it("are matched by name, first come first closed, where there are no call ids", () => {
    const all = messagesOf(
      call(undefined, 1),
      call(undefined, 2),
      result(undefined, false),
      result(undefined, true),
    )
    assert.deepStrictEqual<unknown>(all.slice(2), [...closed(1, "error"), ...closed(2, "success")])
  })

  it("are tool calls for skills and MCP servers too, with all that a tool call can say", () => {
    const said = { arguments: { q: 1 }, status: "error", result: null, error: "no", duration: 3 } as const
    const skill: Message = {
      ...envelope,
      type: "skill_call",
      data: { skillId: "k", skillName: "sum", ...said },
    }
    const mcp: Message = { ...envelope, type: "mcp_call", data: { serverId: "s", toolName: "find", ...said } }
    const tool = (toolName: string) => ({ ...envelope, type: "tool_call", data: { toolName, ...said } })
    assert.deepStrictEqual<unknown>(messagesOf(skill, mcp), [tool("sum"), tool("find")])
  })
})

it("a report within a report is rewritten at every depth, apart from the run's own plan", () => {
  const nested = (content: ReadonlyArray<Message>): Message => ({
    ...envelope,
    type: "report",
    data: { title: "t", sections: [{ heading: "h", content }] },
  })
  const text: Message = { ...envelope, type: "text", data: { content: "x" } }
  const log: Message = {
    ...envelope,
    type: "sandbox_log",
    data: { sandboxId: "b", level: "info", message: "m", timestamp: "t" },
  }
  const mcp: Message = {
    ...envelope,
    type: "mcp_call",
    data: { serverId: "s", toolName: "find", arguments: {}, status: "calling" },
  }
  const tool: Message = {
    ...envelope,
    type: "tool_call",
    data: { toolName: "find", arguments: {}, status: "calling" },
  }
  assert.deepStrictEqual(messagesOf(nested([nested([log, text, mcp]), log])), [
    nested([nested([text, tool])]),
  ])
})

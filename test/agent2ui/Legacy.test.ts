import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { downlevel } from "../../src/agent2ui/Legacy.ts"
import { Message, type MessageType, messageTypes } from "../../src/agent2ui/Message.ts"
import { schemaOf } from "./messages.ts"

/** Protocol 1, as protocol.md says it: the types up to `report` without those that came later. */
const known: ReadonlySet<string> = new Set(
  "text markdown thinking code table chart image file plan progress tool_call tool_result error report".split(
    " ",
  ),
)

/** What becomes of each type that an old reader does not know. */
const rewritten: Partial<Record<MessageType, string>> = {
  plan_step: "plan",
  skill_call: "tool_call",
  skill_result: "tool_result",
  mcp_call: "tool_call",
  mcp_result: "tool_result",
  sandbox_log: "Skip",
  sandbox_output: "Skip",
  sandbox_status: "Skip",
  fallback: "Skip",
  retract: "End",
}

const isMessage = Schema.is(Message)

/** Every message in it, itself and those of reports at any depth. */
const everyMessage = (message: Message): ReadonlyArray<Message> =>
  message.type === "report"
    ? [message, ...message.data.sections.flatMap(({ content }) => content.flatMap(everyMessage))]
    : [message]

const envelope = { id: "m1", timestamp: "2026-01-01T00:00:00.000Z" }

describe("what a reader of protocol 1 gets", () => {
  for (const type of messageTypes) {
    it.prop(`of a ${type} is of types that it knows`, { message: schemaOf(type) }, ({ message }) => {
      const old = downlevel(message)
      const expected = rewritten[type] ?? type
      if (old._tag !== "Send") return assert.strictEqual(old._tag, expected)
      assert.strictEqual(old.message.type, expected)
      assert.isTrue(isMessage(old.message))
      for (const each of everyMessage(old.message)) assert.isTrue(known.has(each.type), each.type)
      assert.strictEqual(old.message.id, message.id)
      assert.strictEqual(old.message.timestamp, message.timestamp)
      assert.deepStrictEqual(old.message.metadata, message.metadata)
      if (expected === type && type !== "report") assert.strictEqual(old.message, message)
    })
  }

  it("of a plan step is a plan of that step alone, which clients merge by its id", () => {
    const step = (status: "running" | "failed"): Message => ({
      ...envelope,
      type: "plan_step",
      data: { stepId: "s1", title: "Search", status, tool: "search", error: "no", durationMs: 5 },
      metadata: { stepId: "s1" },
    })
    const planOf = (status: "running" | "failed", currentStep: string) => ({
      _tag: "Send",
      message: {
        ...envelope,
        type: "plan",
        data: { steps: [{ id: "s1", title: "Search", status, durationMs: 5 }], currentStep },
        metadata: { stepId: "s1" },
      },
    })
    assert.deepStrictEqual<unknown>(downlevel(step("running")), planOf("running", "s1"))
    assert.deepStrictEqual<unknown>(downlevel(step("failed")), planOf("failed", ""))
  })

  it("of a skill or MCP call is a tool call of its name, with all that a tool call can say", () => {
    const said = { arguments: { q: 1 }, status: "error", result: null, error: "no", duration: 3 } as const
    const skill: Message = {
      ...envelope,
      type: "skill_call",
      data: { skillId: "k", skillName: "sum", ...said },
    }
    const mcp: Message = { ...envelope, type: "mcp_call", data: { serverId: "s", toolName: "find", ...said } }
    const tool = (toolName: string) => ({
      _tag: "Send",
      message: { ...envelope, type: "tool_call", data: { toolName, ...said } },
    })
    assert.deepStrictEqual<unknown>(downlevel(skill), tool("sum"))
    assert.deepStrictEqual<unknown>(downlevel(mcp), tool("find"))
  })

  it("of a skill or MCP result is a tool result", () => {
    const said = { result: { a: 1 }, success: false, error: "no", duration: 3 } as const
    const skill: Message = {
      ...envelope,
      type: "skill_result",
      data: { skillId: "k", skillName: "sum", ...said },
    }
    const mcp: Message = {
      ...envelope,
      type: "mcp_result",
      data: { serverId: "s", toolName: "find", ...said },
    }
    const tool = (toolName: string) => ({
      _tag: "Send",
      message: { ...envelope, type: "tool_result", data: { toolName, ...said } },
    })
    assert.deepStrictEqual<unknown>(downlevel(skill), tool("sum"))
    assert.deepStrictEqual<unknown>(downlevel(mcp), tool("find"))
  })

  it("of a report within a report is rewritten at every depth, and what it cannot know is left out", () => {
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
    assert.deepStrictEqual(downlevel(nested([nested([log, text, mcp]), log])), {
      _tag: "Send",
      message: nested([nested([text, tool])]),
    })
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import * as CommitGate from "../../src/execution/CommitGate.ts"
import { planStep, table, text, thinking, toolCall } from "../support/fixtures.ts"

const call = (type: "skill_call" | "mcp_call"): Draft =>
  type === "skill_call"
    ? { type, data: { skillId: "k", skillName: "sum", arguments: {}, status: "calling" } }
    : { type, data: { serverId: "s", toolName: "find", arguments: {}, status: "calling" } }

const drafts = {
  text: text("Hel"),
  markdown: { type: "markdown", data: { content: "*Hel*" } },
  thinking: thinking("hm"),
  plan: { type: "plan", data: { steps: [], currentStep: "" } },
  stepRunning: planStep("s1"),
  stepCompleted: planStep("s2", "completed"),
  progress: { type: "progress", data: { current: 1, total: 2, percentage: 50 } },
  table,
  code: { type: "code", data: { language: "ts", code: "1" } },
  chart: { type: "chart", data: { chartType: "line", series: [] } },
  image: { type: "image", data: { url: "u" } },
  file: { type: "file", data: { url: "u", filename: "f", mimeType: "m" } },
  report: { type: "report", data: { title: "t", sections: [] } },
  tool: toolCall("c1"),
  skill: call("skill_call"),
  mcp: call("mcp_call"),
  toolResult: { type: "tool_result", data: { toolName: "charge", result: null, success: true } },
} as const satisfies Record<string, Draft>

type Name = keyof typeof drafts
const names = Object.keys(drafts) as ReadonlyArray<Name>
const sequence = Schema.Array(Schema.Literals(names))

const after = (shown: ReadonlyArray<Name>) =>
  shown.reduce((gate, name) => CommitGate.pass(gate, drafts[name]), CommitGate.untouched)

const isText = (name: Name) => name === "text" || name === "markdown"
const isOther = (name: Name) => ["table", "code", "chart", "image", "file", "report"].includes(name)
const isCall = (name: Name) => ["tool", "skill", "mcp", "toolResult"].includes(name)

describe("CommitGate", () => {
  it.prop("knows whatever has been shown or set going, in any order", [sequence], ([shown]) => {
    const gate = after(shown)
    assert.strictEqual(gate.text, shown.some(isText))
    assert.strictEqual(gate.other, shown.some(isOther))
    assert.strictEqual(gate.called, shown.some(isCall))
  })

  it.prop(
    "never opens again what it has closed, and never lets a call run twice",
    [sequence, sequence],
    ([shown, more]) => {
      const before = after(shown)
      const later = after([...shown, ...more])
      assert.isTrue(!before.text || later.text)
      assert.isTrue(!before.other || later.other)
      if (shown.some(isCall)) assert.strictEqual(CommitGate.afterFailure(later, true), "fail")
      if (CommitGate.afterFailure(before, true) === "fail") {
        assert.strictEqual(CommitGate.afterFailure(later, true), "fail")
      }
    },
  )

  const dispositions: ReadonlyArray<readonly [ReadonlyArray<Name>, string, string]> = [
    [[], "next", "next"],
    [["thinking", "plan", "stepRunning", "progress", "stepCompleted"], "next", "next"],
    [["toolResult"], "fail", "fail"],
    [["text"], "retract", "fail"],
    [["markdown", "thinking"], "retract", "fail"],
    [["table"], "fail", "fail"],
    [["text", "file"], "fail", "fail"],
    [["tool"], "fail", "fail"],
    [["skill"], "fail", "fail"],
    [["mcp"], "fail", "fail"],
    [["text", "tool"], "fail", "fail"],
    [["tool", "toolResult", "text"], "fail", "fail"],
  ]
  it.each(dispositions)(
    "after %j a failure means %s, or %s where nothing may be taken back",
    (shown, may, mayNot) => {
      assert.strictEqual(CommitGate.afterFailure(after(shown), true), may)
      assert.strictEqual(CommitGate.afterFailure(after(shown), false), mayNot)
    },
  )

  it("remembers the plan step and the call that were begun last", () => {
    const place = (...shown: ReadonlyArray<Draft>) => {
      const { callId, stepId } = shown.reduce(CommitGate.pass, CommitGate.untouched)
      return { stepId, callId }
    }
    assert.deepStrictEqual(place(), { stepId: undefined, callId: undefined })
    assert.deepStrictEqual(place(planStep("s1")), { stepId: "s1", callId: undefined })
    assert.deepStrictEqual(place(planStep("s1"), toolCall("c1")), { stepId: "s1", callId: "c1" })
    assert.deepStrictEqual(place(planStep("s1"), toolCall("c1"), planStep("s2"), toolCall("c2")), {
      stepId: "s2",
      callId: "c2",
    })
    const elsewhere: Draft = { ...toolCall("c3"), metadata: { callId: "c3", stepId: "s9" } }
    assert.deepStrictEqual(place(planStep("s1"), elsewhere), { stepId: "s9", callId: "c3" })
    assert.deepStrictEqual(place(planStep("s1"), planStep("s1", "completed")), {
      stepId: "s1",
      callId: undefined,
    })
  })

  it("costs nothing for the second and every later text", () => {
    const gate = CommitGate.pass(CommitGate.untouched, text("a"))
    assert.strictEqual(CommitGate.pass(gate, text("b")), gate)
    assert.strictEqual(CommitGate.pass(gate, thinking("b")), gate)
  })
})

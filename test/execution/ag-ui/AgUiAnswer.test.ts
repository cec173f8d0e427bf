/** The parts of an answer, the snapshots that correct them, and its end. */
import { describe, expect, it } from "vitest"
import * as RuntimeErrorText from "../../../src/domain/RuntimeErrorText.ts"
import { errorPolicyOf } from "../../../src/execution/ExecutionError.ts"
import { codeOf, custom, finished, played, sse, started, text, typesOf } from "./events.ts"
import { decode, facts } from "./replay.ts"

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

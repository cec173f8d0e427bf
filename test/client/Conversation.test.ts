import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { ChatEvent, Message, Session } from "../../src/client/Contract.ts"
import * as Conversation from "../../src/client/Conversation.ts"
import type { Part } from "../../src/client/Parts.ts"
import { type Draft, Message as MessageSchema } from "../../src/protocol/agent2ui/Message.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { planStep, text, thinking, toolCall, toolResult } from "../support/fixtures.ts"

const run = { runId: "r1", sessionId: "s1" }
const usage = { tokens: 3, latencyMs: 9 }
const end = { messageId: "m1", executionMode: "runtime_orchestrator", usage, ...run } as const

const open: ChatEvent = { ...run, seq: 0, event: "open", data: { executionMode: "runtime_orchestrator" } }
const messageAt = (data: Message, seq: number): ChatEvent => ({ ...run, seq, event: "message", data })
const done = (seq: number, more: { readonly finishReason?: "interrupt" } = {}): ChatEvent => ({
  ...run,
  seq,
  event: "done",
  data: { ...end, ...more },
})
const failure = (
  seq: number,
  error: { readonly code: string; readonly stepId?: string; readonly callId?: string },
): ChatEvent => ({
  ...run,
  seq,
  event: "error",
  data: { message: "m", recoverable: true, runId: run.runId, ...error },
})

/** Events 1, 2, … of the run, one second apart. */
const events = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<ChatEvent> =>
  drafts.map((draft, index) => {
    const timestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString()
    return messageAt({ id: `r1:${index + 1}`, timestamp, ...draft } as Message, index + 1)
  })

const reduced = (all: ReadonlyArray<ChatEvent>, from = Conversation.emptyConversation) =>
  all.reduce(Conversation.reduce, from)

const answerOf = (conversation: Conversation.Conversation): Conversation.Answer => {
  const last = conversation.messages.at(-1)
  if (last?.role !== "assistant") throw new Error("no answer")
  return last
}
const partsOf = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<Part> =>
  answerOf(reduced([open, ...events(...drafts)])).parts
const textOf = (parts: ReadonlyArray<Part>) =>
  parts.map((part) => (part.type === "text" || part.type === "markdown" ? part.content : "")).join("")

const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId: "r1", fromSeq, toSeq, reason: "x" },
})
const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "x", code: "X" } }
const plan = (...ids: ReadonlyArray<string>): Draft => ({
  type: "plan",
  data: { currentStep: "", steps: ids.map((id) => ({ id, title: id, status: "pending" })) },
})

describe("the parts of an answer", () => {
  it("join adjacent pieces of text and of reasoning, and nothing else", () => {
    const parts = partsOf(text("a"), text("b"), thinking("hm"), thinking("ok"), text("c"), {
      type: "markdown",
      data: { content: "d" },
    })
    assert.deepStrictEqual(
      parts.map((part) => [part.type, "content" in part ? part.content : ""]),
      [
        ["text", "ab"],
        ["thinking", "hm\nok"],
        ["text", "c"],
        ["markdown", "d"],
      ],
    )
    const reasoning: Draft = { type: "thinking", data: { content: "to", stage: "reasoning" } }
    assert.propertyVal(partsOf(reasoning, reasoning)[0], "content", "toto")
  })

  it("have the plan once, in its newest state, with the details of its steps", () => {
    const parts = partsOf(
      plan("s1", "s2"),
      planStep("s1"),
      text("a"),
      planStep("s1", "completed"),
      plan("s1", "s2"),
      planStep("s3"),
    )
    assert.deepStrictEqual(
      parts.map(({ type }) => type),
      ["plan", "text"],
    )
    const [shown] = parts
    assert.strictEqual(shown?.type === "plan" && shown.currentStep, "s3")
    assert.deepStrictEqual(shown?.type === "plan" && shown.steps.map(({ id, status }) => [id, status]), [
      ["s1", "pending"],
      ["s2", "pending"],
      ["s3", "running"],
    ])
  })

  it("have each call with its result, its status and the time between them", () => {
    const [call, ...more] = partsOf(toolCall("c1"), toolCall("c2"), toolResult("c2"), toolResult("c1"))
    assert.include(call, { type: "call", status: "success", callId: "c1", durationMs: 3000 })
    assert.lengthOf(more, 1)
  })

  it("have a call as ended whose result came first", () => {
    const [call, ...more] = partsOf(toolResult("c1"), toolCall("c1"))
    assert.include(call, { type: "call", status: "success" })
    assert.lengthOf(more, 0)
  })

  it("have a call of each attempt, also under the same id", () => {
    const parts = partsOf(toolCall("c1"), fallback, toolCall("c1"), toolResult("c1"))
    assert.deepStrictEqual(
      parts.map((part) => (part.type === "call" ? part.status : part.type)),
      ["unknown", "fallback", "success"],
    )
  })

  it("match a result without an id with the last open call of its name", () => {
    const called: Draft = {
      type: "mcp_call",
      data: { serverId: "m", toolName: "t", arguments: { a: 1 }, status: "calling" },
    }
    const returned: Draft = {
      type: "mcp_result",
      data: { serverId: "m", toolName: "t", result: 2, success: false, error: "no", duration: 5 },
    }
    const other: Draft = { type: "tool_call", data: { toolName: "t", arguments: {}, status: "calling" } }
    assert.deepStrictEqual(
      partsOf(called, other, returned).map(
        (part) => part.type === "call" && [part.kind, part.status, part.durationMs, part.error],
      ),
      [
        ["mcp", "error", 5, "no"],
        ["tool", "calling", undefined, undefined],
      ],
    )
  })

  it("show a progress bar once for each label", () => {
    const progress = (current: number, label: string): Draft => ({
      type: "progress",
      data: { current, total: 2, percentage: 50 * current, label },
    })
    const parts = partsOf(progress(1, "a"), progress(1, "b"), progress(2, "a"))
    assert.deepStrictEqual(
      parts.map((part) => part.type === "progress" && part.data.current),
      [2, 1],
    )
  })

  it("lose exactly the retracted text, and keep calls and files", () => {
    const file: Draft = { type: "file", data: { url: "/f", filename: "f", mimeType: "text/plain" } }
    const table: Draft = { type: "table", data: { columns: [], rows: [] } }
    const parts = partsOf(
      text("keep "),
      text("drop"),
      toolCall("c1"),
      file,
      table,
      retract(2, 5),
      text("new"),
    )
    assert.deepStrictEqual(
      parts.map(({ type }) => type),
      ["text", "call", "file", "retract", "text"],
    )
    assert.strictEqual(textOf(parts), "keep new")
  })

  it("leave the plan and the open calls of an attempt that another one replaces", () => {
    const parts = partsOf(plan("s1"), toolCall("c1"), fallback, plan("s1"))
    assert.deepStrictEqual(
      parts.map((part) =>
        part.type === "plan" ? part.left : part.type === "call" ? part.status : part.type,
      ),
      [true, "unknown", "fallback", false],
    )
  })

  it.prop(
    "have the text that the gateway stores, after any retracts",
    [
      Schema.Array(
        Schema.Union([
          Schema.String,
          Schema.Tuple([Schema.Literals([1, 2, 3, 5, 8]), Schema.Literals([1, 2, 4, 9])]),
        ]),
      ),
    ],
    ([steps]) => {
      const drafts = steps.map((step) => (typeof step === "string" ? text(step) : retract(...step)))
      const transcript = new Transcript()
      for (const draft of drafts) transcript.add(draft)
      assert.strictEqual(textOf(partsOf(...drafts)), transcript.text)
    },
  )
})

describe("the end of an answer", () => {
  it("has the usage, the mode and the stored message", () => {
    const answer = answerOf(reduced([open, ...events(text("a")), done(2)]))
    assert.include(answer, { status: "completed", messageId: "m1", executionMode: end.executionMode })
    assert.deepStrictEqual(answer.usage, usage)
  })

  it("names the step and the call of a failure, and no call stays open", () => {
    const answer = answerOf(
      reduced([
        ...events(plan("s1", "s2"), planStep("s1"), planStep("s2"), toolCall("c1"), toolCall("c2")),
        failure(6, { code: "TIMEOUT_CALL", stepId: "s2", callId: "c2" }),
      ]),
    )
    assert.strictEqual(answer.status, "failed")
    assert.include(answer.error, { stepId: "s2", callId: "c2" })
    const statuses = answer.parts.flatMap((part) => {
      if (part.type === "plan") return part.steps.map(({ status }) => status)
      return part.type === "call" ? part.status : []
    })
    assert.deepStrictEqual(statuses, ["running", "failed", "unknown", "error"])
  })

  it("is no failure for a cancelled run", () => {
    assert.strictEqual(answerOf(reduced([failure(1, { code: "EXECUTION_CANCELLED" })])).status, "cancelled")
  })

  it("has the interrupts that wait, until the next message", () => {
    const interrupt: Draft = {
      type: "interrupt",
      data: { interruptId: "i1", reason: "tool_call" },
      metadata: { callId: "c1" },
    }
    const running = reduced(events(interrupt))
    assert.deepStrictEqual(Conversation.pendingInterrupts(running), [])
    const waiting = reduced([done(2, { finishReason: "interrupt" })], running)
    assert.deepStrictEqual(Conversation.pendingInterrupts(waiting), [
      { interruptId: "i1", reason: "tool_call" },
    ])
    assert.propertyVal(answerOf(waiting).parts[0], "callId", "c1")
    assert.deepStrictEqual(Conversation.pendingInterrupts(Conversation.ask(waiting, "k", "yes")), [])
  })
})

type Stored = Session["messages"][number]

const stored = (role: "user" | "assistant", more: Partial<Stored> = {}): Stored => ({
  id: role,
  sessionId: "s1",
  runId: "r1",
  role,
  content: `the ${role}'s text`,
  parentMessageId: role === "user" ? null : "user",
  executionMode: null,
  createdAt: 0,
  status: role === "user" ? null : "completed",
  model: null,
  finishReason: null,
  error: null,
  usage: null,
  parts: [],
  attachments: [],
  feedback: null,
  ...more,
})
const part = (draft: Draft, seq = 1): Message =>
  ({ id: `r1:${seq}`, timestamp: "2026-01-01T00:00:00.000Z", ...draft }) as Message
const sessionOf = (...messages: ReadonlyArray<Stored>) => ({ id: "s1", messages })
const answered = sessionOf(
  stored("user"),
  stored("assistant", { parts: [part(text("the assistant's text"))] }),
)

describe("a stored session", () => {
  it("shows its parts, and the events of a run replace them", () => {
    const opened = reduced([open], Conversation.fromSession(answered))
    assert.strictEqual(textOf(answerOf(opened).parts), "the assistant's text")
    const replayed = reduced([...events(text("whole "), text("answer")), done(3)], opened)
    assert.strictEqual(textOf(answerOf(replayed).parts), "whole answer")
    assert.lengthOf(replayed.messages, 2)
  })

  it("keeps the parts of a run whose events have expired", () => {
    const shown = Conversation.fromSession(answered)
    assert.strictEqual(reduced([open, failure(1, { code: "RUN_EVENTS_EXPIRED" })], shown), shown)
  })

  it("shows a turn that failed with its error, its mode and the place of the failure", () => {
    const error = {
      code: "STEP_FAILED",
      message: "m",
      runId: "r1",
      recoverable: true,
      stepId: "s1",
      callId: "c1",
    } as const
    const parts = [part(planStep("s1"), 1), part(toolCall("c1"), 2)]
    const failed = stored("assistant", { status: "failed", error, executionMode: "direct_llm", parts })
    const answer = answerOf(Conversation.fromSession(sessionOf(stored("user"), failed)))
    assert.deepInclude(answer, { status: "failed", error, executionMode: "direct_llm" })
    assert.deepStrictEqual(
      answer.parts.map((one) =>
        one.type === "plan" ? one.steps[0]?.status : one.type === "call" ? one.status : one.type,
      ),
      ["failed", "error"],
    )
  })

  it("shows a cancelled answer and an interrupted one as they ended", () => {
    const ended = (status: Stored["status"]) =>
      answerOf(Conversation.fromSession(sessionOf(stored("user"), stored("assistant", { status })))).status
    assert.deepStrictEqual(
      [ended("cancelled"), ended("interrupted"), ended("completed")],
      ["cancelled", "failed", "completed"],
    )
  })

  it("shows the branch of its last message", () => {
    const failed = stored("assistant", { id: "a1", runId: "r0", status: "failed" })
    const again = sessionOf(stored("user"), failed, stored("assistant", { id: "a2" }))
    assert.deepStrictEqual(
      Conversation.fromSession(again).messages.map((one) => (one.role === "user" ? one.key : one.messageId)),
      ["user", "a2"],
    )
  })

  it("has a run to read while its last question waits for an answer, also if it was asked again", () => {
    assert.isUndefined(Conversation.unansweredRun(answered))
    assert.strictEqual(Conversation.unansweredRun(sessionOf(stored("user"))), "r1")
    const failed = stored("assistant", { runId: "r0", status: "failed" })
    assert.strictEqual(Conversation.unansweredRun(sessionOf(stored("user"), failed)), "r1")
    assert.lengthOf(Conversation.fromSession(sessionOf(stored("user"), failed)).messages, 1)
    assert.isUndefined(Conversation.unansweredRun(sessionOf()))
  })
})

describe("a run that is read again", () => {
  it.prop(
    "gives the same conversation after any cuts and replays",
    { messages: Schema.Array(MessageSchema), cuts: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])) },
    ({ cuts, messages }) => {
      const all = [
        open,
        ...messages.map((message, index) => messageAt(message, index + 1)),
        done(messages.length + 1),
      ]
      const once = reduced(all)
      const within = (number: number, most: number) => Math.abs(number) % (most + 1)
      let conversation = Conversation.emptyConversation
      let seen = 0
      for (const [length, back] of cuts) {
        const to = Math.max(seen, within(length, all.length))
        conversation = reduced(all.slice(within(back, seen), to), conversation)
        seen = to
      }
      assert.deepStrictEqual(reduced(all.slice(within(cuts.length, seen)), conversation), once)
      assert.strictEqual(reduced(all, once), once)
    },
  )
})

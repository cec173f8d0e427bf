import { assert, describe, it } from "@effect/vitest"
import type { Message, Session } from "../../src/client/Contract.ts"
import * as Conversation from "../../src/client/Conversation.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { planStep, text, toolCall } from "../support/fixtures.ts"
import { answerOf, done, events, failure, open, reduced, textOf } from "./conversations.ts"

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

import { assert, describe, it } from "@effect/vitest"
import * as ExpiredRun from "../../src/chat/ExpiredRun.ts"
import type { ChatMessage } from "../../src/domain/Session.ts"
import { assistantMessageId, noon, run, runId, sessionId, userMessageId } from "../support/fixtures.ts"

const completed = run({
  status: "completed",
  assistantMessageId,
  executionMode: "direct_llm",
  usage: { tokens: 7 },
  endedAt: noon + 5,
})
const answer: ChatMessage = {
  id: assistantMessageId,
  sessionId,
  runId,
  role: "assistant",
  content: "At the corner.",
  parentMessageId: userMessageId,
  executionMode: "direct_llm",
  createdAt: noon + 5,
}
const shape = (entries: ReturnType<typeof ExpiredRun.entriesOf>) =>
  entries.map(({ event: { data, event }, seq }) => [seq, event, "code" in data ? data.code : undefined])

describe("a run whose events are no longer kept", () => {
  it("gives its answer in one piece and its end to who reads from the beginning", () => {
    const entries = ExpiredRun.entriesOf(completed, answer, 0)
    assert.deepStrictEqual(shape(entries), [
      [1, "message", undefined],
      [2, "done", undefined],
    ])
    assert.deepInclude(entries[0]?.event.data, {
      id: `${runId}:1`,
      type: "text",
      data: { content: "At the corner." },
      timestamp: new Date(noon + 5).toISOString(),
    })
    assert.deepInclude(entries[1]?.event.data, { messageId: assistantMessageId, runId })
  })

  it("ends as it ended: a cancelled one with what was shown of it", () => {
    const error = { code: "EXECUTION_CANCELLED", message: "", runId, recoverable: true }
    const cancelled = run({ ...completed, status: "cancelled", executionMode: null, error })
    assert.deepStrictEqual(shape(ExpiredRun.entriesOf(cancelled, answer, 0)), [
      [1, "message", undefined],
      [2, "error", "EXECUTION_CANCELLED"],
    ])
  })

  it("says that it cannot go on to who has read a part, and to who would get nothing", () => {
    assert.deepStrictEqual(shape(ExpiredRun.entriesOf(completed, answer, 57)), [
      [58, "error", "RUN_EVENTS_EXPIRED"],
    ])
    const table = { ...answer, content: "" }
    assert.deepStrictEqual(shape(ExpiredRun.entriesOf(completed, table, 0)), [
      [1, "error", "RUN_EVENTS_EXPIRED"],
    ])
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as ExpiredRun from "../../src/chat/ExpiredRun.ts"
import { eventId } from "../../src/domain/EventId.ts"
import { envelop, type Message } from "../../src/protocol/agent2ui/Message.ts"
import { assistantMessageId, noon, run, runId, text } from "../support/fixtures.ts"

const completed = run({
  status: "completed",
  assistantMessageId,
  executionMode: "direct_llm",
  usage: { tokens: 7 },
  endedAt: noon + 5,
})
const timestamp = new Date(noon).toISOString()
const parts: ReadonlyArray<Message> = [
  envelop(text("At "), eventId(runId, 1), timestamp),
  envelop(
    { type: "retract", data: { runId, fromSeq: 4, toSeq: 6, reason: "The model failed." } },
    eventId(runId, 7),
    timestamp,
  ),
  envelop(text("the corner."), eventId(runId, 8), timestamp),
]
const shape = (entries: ReturnType<typeof ExpiredRun.entriesOf>) =>
  entries.map(({ event: { data, event }, seq }) => [seq, event, "code" in data ? data.code : undefined])

describe("a run whose events are no longer kept", () => {
  it("gives its parts, without the notices of retracted text, and its end", () => {
    const entries = ExpiredRun.entriesOf(completed, parts, 0)
    assert.deepStrictEqual(shape(entries), [
      [1, "message", undefined],
      [8, "message", undefined],
      [9, "done", undefined],
    ])
    assert.deepStrictEqual(entries[1]?.event.data, parts[2])
    assert.deepInclude(entries[2]?.event.data, { messageId: assistantMessageId, runId })
  })

  it("ends as it ended: a cancelled one with what was shown of it", () => {
    const error = { code: "EXECUTION_CANCELLED", message: "", runId, recoverable: true }
    const cancelled = run({ ...completed, status: "cancelled", executionMode: null, error })
    assert.deepStrictEqual(shape(ExpiredRun.entriesOf(cancelled, parts, 0)), [
      [1, "message", undefined],
      [8, "message", undefined],
      [9, "error", "EXECUTION_CANCELLED"],
    ])
  })

  it("says that it cannot go on to who has read a part, and to who would get nothing", () => {
    assert.deepStrictEqual(shape(ExpiredRun.entriesOf(completed, parts, 57)), [
      [58, "error", "RUN_EVENTS_EXPIRED"],
    ])
    assert.deepStrictEqual(shape(ExpiredRun.entriesOf(completed, [], 0)), [
      [1, "error", "RUN_EVENTS_EXPIRED"],
    ])
  })
})

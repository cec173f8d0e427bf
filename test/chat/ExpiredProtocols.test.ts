/** A reader from the beginning after the events' retention, in each output protocol, read by its own client. */
import { assert, describe, it } from "@effect/vitest"
import type { ChatEvent } from "../../src/client/Contract.ts"
import * as Conversation from "../../src/client/Conversation.ts"
import { parseEventId } from "../../src/domain/EventId.ts"
import type { Run } from "../../src/domain/Run.ts"
import { agUi } from "../../src/protocol/ag-ui/AgUi.ts"
import { version1 } from "../../src/protocol/agent2ui/Version1.ts"
import { version2 } from "../../src/protocol/agent2ui/Version2.ts"
import { messageTypes } from "../../src/protocol/agent2ui/Message.ts"
import { uiStream } from "../../src/protocol/ai-sdk/UiStream.ts"
import type { OutputProtocol } from "../../src/protocol/Encoder.ts"
import { chatChunks } from "../../src/protocol/openai/ChatChunks.ts"
import type { LogEntry } from "../../src/runs/RunEvent.ts"
import { read as readAgUi, request } from "../protocol/ag-ui/reading.ts"
import { shown as readUi } from "../protocol/ai-sdk/chunks.ts"
import { runId, sessionId } from "../support/fixtures.ts"
import { parseStrict } from "../support/sse.ts"
import * as Sample from "./expiredSample.ts"

const cases = [
  { name: "a completed run", drafts: Sample.answered, run: Sample.completedRun, end: "done" },
  { name: "an interrupted run", drafts: Sample.interrupted, run: Sample.interruptedRun, end: "done" },
  { name: "a failed run", drafts: Sample.cut, run: Sample.failedRun, end: "error" },
  { name: "a cancelled run", drafts: Sample.cut, run: Sample.cancelledRun, end: "error" },
] as const

/** The bytes of a stream, written page by page. */
const bytesOf = (protocol: OutputProtocol, run: Run, entries: ReadonlyArray<LogEntry>): string => {
  const encoder = protocol.encoder(run)
  let bytes = encoder.opening(0)
  for (const entry of entries) bytes += encoder.frames([entry])
  assert.isTrue(encoder.ended)
  return bytes
}

const agent2ui = (protocol: OutputProtocol, run: Run, entries: ReadonlyArray<LogEntry>) =>
  parseStrict(Buffer.from(bytesOf(protocol, run, entries))).map(({ data, event, id }) => ({
    event,
    seq: parseEventId(id ?? "")?.seq ?? 0,
    data: JSON.parse(data),
  }))

it("the sample has parts of all types", () => {
  const types = new Set([...Sample.interrupted, ...Sample.cut].map(({ type }) => type))
  assert.deepStrictEqual([...types].toSorted(), [...messageTypes].toSorted())
})

describe.each(cases)("after the retention, $name", ({ drafts, end, name, run }) => {
  const live = Sample.streamed(drafts, run)
  const expired = Sample.expired(drafts, run)

  it("in Agent2UI 2 shows the same answer, without the notice of the retract, and the same end", () => {
    const answerOf = (entries: ReadonlyArray<LogEntry>) => {
      const events = agent2ui(version2, run, entries).map(
        (each) => ({ ...each, runId, sessionId }) as ChatEvent,
      )
      const { messages } = events.reduce(Conversation.reduce, Conversation.emptyConversation)
      const [answer] = messages
      if (answer?.role !== "assistant") return assert.fail("no answer")
      const parts = answer.parts
        .filter(({ type }) => type !== "retract")
        .map((part) => ("chunks" in part ? { ...part, chunks: [] } : part))
      return { ...answer, seq: 0, parts }
    }
    assert.deepStrictEqual(answerOf(expired), answerOf(live))
    assert.strictEqual(agent2ui(version2, run, expired).at(-1)?.event, end)
  })

  it("in Agent2UI 1 shows the text of the answer, and the same end", () => {
    const events = agent2ui(version1, run, expired)
    const texts = events.flatMap(({ data }) => (data.type === "text" ? [data.data.content] : []))
    assert.strictEqual(texts[0], "At the corner. 😀")
    assert.notInclude(JSON.stringify(events), "wrong")
    assert.deepInclude(events.at(-1), { event: end, data: live.at(-1)?.event.data })
    assert.strictEqual(texts.at(-1), { done: texts.at(-1), error: " And" }[end])
    assert.strictEqual(texts.includes("Charge?"), name === "an interrupted run")
    const seqs = events.map(({ seq }) => seq)
    assert.deepStrictEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    )
  })

  it("in AG-UI shows the same messages, and the same end", async () => {
    const [now, then] = [
      await readAgUi(bytesOf(agUi(request), run, expired)),
      await readAgUi(bytesOf(agUi(request), run, live)),
    ]
    const brief = ({ complaints, events, messages }: typeof now) => ({
      messages: messages.map((message) => ({ ...message, id: "" })),
      complaints,
      end: events.at(-1),
    })
    assert.deepStrictEqual(brief(now), brief(then))
    assert.notInclude(JSON.stringify(now.messages), "wrong")
    assert.include(JSON.stringify(now.messages), "At the corner. 😀")
  })

  it("in the AI SDK's stream shows the same message, and the same end", async () => {
    const bytes = bytesOf(uiStream(), run, expired)
    assert.deepStrictEqual(await readUi(bytes), await readUi(bytesOf(uiStream(), run, live)))
    assert.notInclude(bytes, "wrong")
    assert.isTrue(bytes.endsWith("data: [DONE]\n\n"))
  })

  it.each([false, true])("in OpenAI's stream shows the same text, and the same end, held: %s", (hold) => {
    const read = (entries: ReadonlyArray<LogEntry>, held: boolean) => {
      const options = { model: "m", includeUsage: true, hold: held }
      const frames = bytesOf(chatChunks(options), run, entries)
        .split("\n")
        .flatMap((frame) => (frame.startsWith("data: ") ? [frame.slice("data: ".length)] : []))
      const chunks = frames.filter((frame) => frame !== "[DONE]").map((frame) => JSON.parse(frame))
      const content = chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join("")
      const reasoning = chunks.map(({ choices }) => choices?.[0]?.delta?.reasoning_content ?? "").join("")
      return { content, reasoning, last: chunks.at(-1), isDone: frames.at(-1) === "[DONE]" }
    }
    const now = read(expired, hold)
    const then = read(live, true)
    assert.strictEqual(now.isDone, name === "a completed run")
    assert.deepStrictEqual([now.last, now.isDone], [then.last, then.isDone])
    // A held stream that fails shows nothing but its error.
    if (hold || now.isDone) assert.deepStrictEqual(now, then)
    else assert.include(now.content, "At the corner. 😀")
    assert.notInclude(now.content, "wrong")
  })
})

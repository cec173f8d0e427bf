/** Recorded answers of real agents, through their decoders: a reload shows them as the reader of the stream saw them. */
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Conversation from "../../src/client/Conversation.ts"
import type { ChatEvent, Session } from "../../src/client/Contract.ts"
import { eventId } from "../../src/domain/EventId.ts"
import type { Run } from "../../src/domain/Run.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { RunLog } from "../../src/runs/RunLog.ts"
import * as TerminalEvent from "../../src/runs/TerminalEvent.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { shownOf } from "../../src/store/ShownMessage.ts"
import * as AgUi from "../execution/ag-ui/replay.ts"
import { decode as decodeLangGraph } from "../execution/langgraph/langGraphRecording.ts"
import { hear } from "../execution/runtime/recording.ts"
import { assistantMessageId, noon, run, runId, sessionId, userMessageId } from "../support/fixtures.ts"

interface Recorded {
  readonly drafts: ReadonlyArray<Draft>
  readonly isFailed: boolean
}

const filesOf = (wire: string) => {
  const folder = join(import.meta.dirname, "../execution", wire, "recordings")
  return globSync("*.sse", { cwd: folder })
    .toSorted()
    .map((file) => ({ name: `${wire}/${basename(file, ".sse")}`, bytes: readFileSync(join(folder, file)) }))
}

const recorded = new Map<string, Recorded>([
  ...filesOf("runtime").map(({ bytes, name }) => {
    const { error, events } = hear([bytes])
    const drafts = events.flatMap((event) => (event._tag === "Message" ? [event.draft] : []))
    return [name, { drafts, isFailed: error !== undefined }] as const
  }),
  ...filesOf("langgraph").map(({ bytes, name }) => {
    const { drafts, error } = decodeLangGraph([bytes])
    return [name, { drafts, isFailed: error !== undefined }] as const
  }),
  ...AgUi.recordings.map((file) => {
    const { drafts, error } = AgUi.replay(file.replace(".sse", ""))
    return [file.replace(".sse", ""), { drafts, isFailed: error !== undefined }] as const
  }),
])

const mode = "runtime_orchestrator"

const ended = (isFailed: boolean): Run =>
  run({
    executionMode: mode,
    endedAt: noon + 5,
    ...(isFailed
      ? {
          status: "failed",
          error: { code: "UPSTREAM_FAILED", message: "It failed.", runId, recoverable: true },
        }
      : {
          status: "completed",
          assistantMessageId,
          usage: { tokens: 7 },
          model: "model-1",
          finishReason: "stop",
        }),
  })

/** The answer that the reader of all events shows. */
const streamed = (drafts: ReadonlyArray<Draft>, of: Run) => {
  const log = new RunLog(runId)
  drafts.forEach((draft, index) => log.message(draft, noon + index))
  const end = TerminalEvent.terminalOf(of)
  assert.isDefined(end)
  if (end !== undefined) log.end(end)
  const events = log
    .read(0)
    .map(({ event, json, seq }) => ({ ...event, data: JSON.parse(json), seq, runId, sessionId }) as ChatEvent)
  const opened: ChatEvent = { event: "open", data: { executionMode: mode }, seq: 0, runId, sessionId }
  return answerOf([opened, ...events].reduce(Conversation.reduce, Conversation.emptyConversation))
}

/** The answer that the session shows. */
const reloaded = (drafts: ReadonlyArray<Draft>, of: Run) => {
  const transcript = new Transcript()
  drafts.forEach((draft, index) => transcript.add(draft, noon + index))
  const stored = {
    id: assistantMessageId,
    sessionId,
    role: "assistant",
    runId,
    parentMessageId: userMessageId,
    content: transcript.text,
    executionMode: of.executionMode,
    createdAt: noon,
    parts: transcript.parts(runId),
    attachments: [],
    answers: [],
  } as const
  const message = { ...shownOf(stored, new Map([[runId, { ...of, runId }]])), feedback: null }
  const messages = JSON.parse(JSON.stringify([message])) as Session["messages"]
  return answerOf(Conversation.fromSession({ id: sessionId, messages }))
}

/** Without the boundaries of chunks, and without the mark that the answer was loaded. */
const answerOf = ({ messages: [answer] }: Conversation.Conversation) => {
  if (answer?.role !== "assistant") return assert.fail("no answer")
  const { messageId: _, seq: __, stored: ___, ...rest } = answer
  const parts = rest.parts.map((part) =>
    part.type === "text" || part.type === "markdown"
      ? { ...part, key: eventId(runId, part.chunks[0]?.seq ?? 0), chunks: [] }
      : part,
  )
  return { ...rest, parts }
}

/** The first attempt of a turn whose second one answers: its content was taken back. */
const abandoned = ({ drafts }: Recorded): ReadonlyArray<Draft> => [
  ...drafts,
  { type: "retract", data: { runId, fromSeq: 1, toSeq: Math.max(1, drafts.length), reason: "It failed." } },
  { type: "fallback", data: { from: mode, to: "direct_llm", reason: "", code: "" } },
]

describe("a reload of a recorded answer", () => {
  it("has recordings of every wire", () => {
    assert.isAtLeast(recorded.size, 48)
  })

  it.each([...recorded.keys()])("%s shows what its stream showed", (name) => {
    const { drafts, isFailed } = recorded.get(name) ?? assert.fail(name)
    const shown = streamed(drafts, ended(isFailed))
    assert.strictEqual(shown.status, isFailed ? "failed" : "completed")
    assert.deepStrictEqual(reloaded(drafts, ended(isFailed)), shown)
  })

  it.each([...recorded.keys()])("%s shows what its stream showed up to any event", (name) => {
    const { drafts } = recorded.get(name) ?? assert.fail(name)
    for (let count = 0; count <= drafts.length; count++) {
      const first = drafts.slice(0, count)
      assert.deepStrictEqual(reloaded(first, ended(true)), streamed(first, ended(true)), `${count} events`)
    }
  })

  it.each([...recorded.keys()])("%s shows what its stream showed before and after a fallback", (name) => {
    const first = abandoned(recorded.get(name) ?? assert.fail(name))
    for (const [second, { drafts, isFailed }] of recorded) {
      const both = [...first, ...drafts]
      assert.deepStrictEqual(reloaded(both, ended(isFailed)), streamed(both, ended(isFailed)), second)
    }
  })
})

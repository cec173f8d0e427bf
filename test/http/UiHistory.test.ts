import { assert, describe, it } from "@effect/vitest"
import { validateUIMessages } from "ai"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import type { RunEvent } from "../../src/runs/RunEvent.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import type { ShownMessage } from "../../src/store/ShownMessage.ts"
import { uiMessagesOf } from "../../src/http/UiHistory.ts"
import { bytesOf, done, entriesOf, shown } from "../protocol/ai-sdk/chunks.ts"
import {
  assistantMessageId,
  noon,
  planStep,
  runId,
  sessionId,
  table,
  text,
  thinking,
  toolCall,
  toolResult,
  userMessageId,
} from "../support/fixtures.ts"

const facts = {
  executionMode: null,
  status: null,
  model: null,
  finishReason: null,
  error: null,
  usage: null,
  parts: [],
  attachments: [],
  answers: [],
} as const

const question = (content: string, more: Partial<ShownMessage> = {}): ShownMessage => ({
  ...facts,
  id: userMessageId,
  sessionId,
  runId,
  role: "user",
  content,
  parentMessageId: null,
  createdAt: noon,
  ...more,
})

const answer = (drafts: ReadonlyArray<Draft>, more: Partial<ShownMessage> = {}): ShownMessage => {
  const transcript = new Transcript()
  for (const draft of drafts) transcript.add(draft, noon)
  return {
    ...question(transcript.text),
    id: assistantMessageId,
    role: "assistant",
    status: "completed",
    executionMode: "direct_llm",
    finishReason: "stop",
    usage: done.usage,
    parts: transcript.parts(runId),
    ...more,
  }
}

/** As JSON: the package leaves fields undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

const live = async (drafts: ReadonlyArray<Draft>, end?: RunEvent) =>
  plain((await shown(bytesOf(entriesOf(drafts, end)))).message)

const reloaded = async (...messages: ReadonlyArray<ShownMessage>) => {
  const all = uiMessagesOf(messages)
  await validateUIMessages({ messages: plain(all) })
  return plain(all) as ReadonlyArray<{ id: string; role: string; parts: ReadonlyArray<object> }>
}

const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId, fromSeq, toSeq, reason: "The model failed." },
})
const fallback: Draft = { type: "fallback", data: { from: "a", to: "b", reason: "r", code: "X" } }
const reasoning: Draft = { type: "thinking", data: { content: "so ", stage: "reasoning" } }
const code: Draft = { type: "code", data: { language: "ts", code: "1" } }
const image: Draft = { type: "image", data: { url: "https://x.test/a.png", alt: "A" } }
const file: Draft = { type: "file", data: { url: "/f", filename: "a.csv", mimeType: "text/csv" } }
const progress = (current: number): Draft => ({
  type: "progress",
  data: { current, total: 2, percentage: 50 * current, label: "p" },
})
const interrupt: Draft = {
  type: "interrupt",
  data: { interruptId: "i1", reason: "tool_call", message: "Charge the card?" },
  metadata: { callId: "c1" },
}

const answers: ReadonlyArray<readonly [string, ReadonlyArray<Draft>]> = [
  [
    "text and reasoning",
    [reasoning, reasoning, text("a"), text("b"), thinking("hm"), thinking("ok"), text("c")],
  ],
  ["calls, and text between call and result", [toolCall("c1"), text("a"), toolResult("c1"), text("b")]],
  ["code, a table, an image and a file", [text("a"), code, table, image, file, text("b")]],
  ["progress", [progress(1), text("a"), progress(2), text("b")]],
  ["retracted text", [text("wrong"), retract(1, 1), text("right")]],
  ["another attempt", [toolCall("c1"), text("wrong"), retract(2, 2), fallback, text("right")]],
]

describe("the messages of a chat that is loaded again", () => {
  it.each(answers)("show %s as the stream did", async (_, drafts) => {
    const [first] = await reloaded(answer(drafts))
    assert.deepStrictEqual(plain(first), await live(drafts))
  })

  it("show a plan with the details of its steps", async () => {
    const plan: Draft = {
      type: "plan",
      data: { steps: [{ id: "s1", title: "s1", status: "pending" }], currentStep: "" },
    }
    const step: Draft = {
      type: "plan_step",
      data: { stepId: "s1", title: "s1", status: "completed", result: 3 },
    }
    const drafts = [plan, planStep("s1"), step, text("a")]
    const [first] = await reloaded(answer(drafts))
    assert.deepStrictEqual(plain(first), await live(drafts))
  })

  it("show a failed answer with its error, and leave it out once its question is asked again", async () => {
    const error = { code: "LLM_UNAVAILABLE", message: "No model answers.", runId, recoverable: true }
    const failed = answer([text("Hel")], { status: "failed", error, usage: null, finishReason: null })
    const [, message] = await reloaded(question("Hi"), failed)
    assert.deepStrictEqual(message?.parts.slice(1), [
      { type: "text", text: "Hel", state: "done" },
      { type: "data-run-error", data: error },
    ])
    const other = "01890000-0000-7000-8000-0000000000ff" as typeof runId
    assert.lengthOf(await reloaded(question("Hi", { runId: other }), failed), 1)
  })

  it("show an approval in the answer that asked, with the answer that followed", async () => {
    const waiting = answer([toolCall("c1"), interrupt], { finishReason: "interrupt" })
    const [, asking] = await reloaded(question("Pay"), waiting)
    assert.deepInclude(asking?.parts.at(-1), { type: "dynamic-tool", state: "approval-requested" })
    const payload = { approved: true }
    const click = question(JSON.stringify(payload), { answers: [{ interruptId: "i1", payload }] })
    const all = await reloaded(question("Pay"), waiting, click, answer([toolResult("c1"), text("Paid.")]))
    assert.deepStrictEqual(
      all.map(({ role }) => role),
      ["user", "assistant"],
    )
    assert.deepInclude(all[1]?.parts[1], { state: "output-available" })
    assert.deepInclude(all[1]?.parts.at(-1), { type: "text", text: "Paid." })
    const no = question("false", { answers: [{ interruptId: "i1", payload: false }] })
    const [, refused] = await reloaded(question("Pay"), waiting, no, answer([text("As you wish.")]))
    assert.deepInclude(refused?.parts[1], { state: "output-denied" })
  })

  it("show a question that answers in words as a message", async () => {
    const waiting = answer([interrupt], { finishReason: "interrupt" })
    const words = question("Yes, but gently", { answers: [{ interruptId: "i1", payload: true }] })
    assert.lengthOf(await reloaded(question("Pay"), waiting, words, answer([text("Done.")])), 4)
  })
})

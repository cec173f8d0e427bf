import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { parseEventId } from "../../../src/domain/EventId.ts"
import { type Draft, messageTypes } from "../../../src/protocol/agent2ui/Message.ts"
import { uiStream } from "../../../src/protocol/ai-sdk/UiStream.ts"
import {
  planStep,
  run,
  runId,
  sessionId,
  table,
  text,
  thinking,
  toolCall,
  toolResult,
} from "../../support/fixtures.ts"
import { schemaOf } from "../agent2ui/messages.ts"
import { encoderSuite, type ReadEvent } from "../encoderSuite.ts"
import { bytesOf, chunksOf, done, entriesOf, failed, shown } from "./chunks.ts"

/** A frame without an id belongs to the event of the next id, and the code of an error to the error. */
const read = (bytes: Uint8Array): ReadonlyArray<ReadEvent> => {
  const events: Array<ReadEvent> = []
  let waiting: Array<string> = []
  for (const frame of Buffer.from(bytes).toString().split("\n\n")) {
    const data = /^data: (.*)$/m.exec(frame)?.[1]
    if (data === undefined || data === "[DONE]") continue
    waiting.push(data)
    const id = /^id: (.*)$/m.exec(frame)?.[1]
    if (id === undefined) continue
    const seq = parseEventId(id)?.seq
    const last = JSON.parse(data)
    if (last.type === "error") events.push({ seq, kind: "error", text: waiting.join("") })
    else
      for (const each of waiting)
        events.push({
          seq,
          kind: JSON.parse(each).type === "finish" ? "end" : "message",
          text: JSON.stringify(JSON.parse(each)),
        })
    waiting = []
  }
  // The first events open the message, which the shared suite does not know.
  return events.filter(({ text }) => !/"type":"(start|start-step|text-start)"/.test(text))
}

encoderSuite("AI SDK UI message stream", uiStream(), read)

const partsOf = async (...drafts: ReadonlyArray<Draft>) => {
  const { errors, message } = await shown(bytesOf(entriesOf(drafts)))
  assert.deepStrictEqual(errors, [])
  return message?.parts.filter(({ type }) => type !== "step-start") ?? []
}

const plan: Draft = {
  type: "plan",
  data: { steps: [{ id: "s1", title: "Search", status: "pending" }], currentStep: "" },
}
const retract = (fromSeq: number, toSeq: number): Draft => ({
  type: "retract",
  data: { runId, fromSeq, toSeq, reason: "It was wrong." },
})
const fallback: Draft = {
  type: "fallback",
  data: { from: "runtime_orchestrator", to: "direct_llm", reason: "It failed.", code: "RUNTIME_DOWN" },
}

describe("a UI message", () => {
  it("is one message with the run's id and the facts of the run", async () => {
    const { message } = await shown(bytesOf(entriesOf([text("Hel"), text("lo")])))
    assert.strictEqual(message?.id, runId)
    assert.deepStrictEqual<unknown>(message?.parts, [
      { type: "step-start" },
      { type: "text", text: "Hello", state: "done", providerMetadata: undefined },
    ])
    const { finishReason: _, ...facts } = done
    assert.deepStrictEqual(message?.metadata, facts)
  })

  it("ends with [DONE] after the terminal chunk", async () => {
    for (const end of [undefined, failed]) {
      const bytes = bytesOf(entriesOf([text("a")], end))
      assert.isTrue(bytes.endsWith("data: [DONE]\n\n"))
      assert.strictEqual(bytes.split("[DONE]").length, 2)
    }
  })

  it("joins the chunks of reasoning, and separates thoughts of other stages", async () => {
    const staged = (content: string, stage: "analyzing" | "reasoning"): Draft => ({
      type: "thinking",
      data: { content, stage },
    })
    const parts = await partsOf(
      staged("One.", "analyzing"),
      staged("Two.", "analyzing"),
      staged("a", "reasoning"),
      staged("b", "reasoning"),
      thinking("c"),
    )
    assert.deepStrictEqual(
      parts.map((part) => (part.type === "reasoning" ? part.text : part.type)),
      ["One.", "Two.", "ab", "c"],
    )
  })

  it("shows code as fenced text inside the text around it", async () => {
    const code: Draft = { type: "code", data: { language: "md", code: "```js\n```", filename: "a.md" } }
    const [part, ...more] = await partsOf(text("See:"), code, { type: "markdown", data: { content: "*so*" } })
    assert.deepStrictEqual(more, [])
    assert.deepInclude(part, { type: "text", text: 'See:\n````md title="a.md"\n```js\n```\n````\n*so*' })
  })

  it("has one plan, which its steps update in place without a break in the text", async () => {
    const parts = await partsOf(plan, text("a"), planStep("s1"), text("b"), planStep("s1", "completed"))
    assert.deepStrictEqual(
      parts.map(({ type }) => type),
      ["data-plan", "text"],
    )
    assert.deepInclude(parts[0], {
      data: { steps: [{ id: "s1", title: "s1", status: "completed" }], currentStep: "" },
    })
    assert.deepInclude(parts[1], { text: "ab" })
  })

  it("has the details of a step in the plan", async () => {
    const failedStep: Draft = {
      type: "plan_step",
      data: { stepId: "s1", title: "Search", status: "failed", tool: "web", params: { q: 1 }, error: "No." },
    }
    const [part] = await partsOf(plan, failedStep)
    assert.deepInclude(part, {
      data: {
        steps: [{ id: "s1", title: "Search", status: "failed", tool: "web", params: { q: 1 }, error: "No." }],
        currentStep: "",
      },
    })
  })

  it("shows tools, skills and MCP calls as dynamic tools that the server executes", async () => {
    const skill = { skillId: "k1", skillName: "summarise" }
    const mcp = { serverId: "m1", toolName: "search" }
    const parts = await partsOf(
      toolCall("c1"),
      {
        type: "skill_call",
        data: { ...skill, arguments: { n: 1 }, status: "calling" },
        metadata: { callId: "c2" },
      },
      { type: "mcp_call", data: { ...mcp, arguments: {}, status: "calling" } },
      { type: "mcp_result", data: { ...mcp, result: [1], success: true } },
      {
        type: "skill_result",
        data: { ...skill, result: null, success: false, error: "No." },
        metadata: { callId: "c2" },
      },
      toolResult("c1"),
    )
    const base = { type: "dynamic-tool", providerExecuted: true } as const
    assert.lengthOf(parts, 3)
    assert.deepInclude(parts[0], { ...base, toolName: "charge", toolCallId: "c1", state: "output-available" })
    assert.deepInclude(parts[1], { ...base, toolName: "summarise", state: "output-error", errorText: "No." })
    assert.deepInclude(parts[1], { input: { n: 1 }, toolMetadata: { kind: "skill", skillId: "k1" } })
    assert.deepInclude(parts[2], { ...base, toolName: "search", state: "output-available", output: [1] })
    assert.deepInclude(parts[2], { toolMetadata: { kind: "mcp", serverId: "m1" } })
  })

  it("shows a result without a call, and a call that comes with its result", async () => {
    const parts = await partsOf(
      toolResult("c9"),
      { type: "tool_call", data: { toolName: "add", arguments: {}, status: "success", result: 2 } },
      { type: "tool_call", data: { toolName: "div", arguments: {}, status: "error", error: "By zero." } },
    )
    assert.deepStrictEqual(
      parts.map((part) => "state" in part && part.state),
      ["output-available", "output-available", "output-error"],
    )
  })

  it("closes a call by a second call with its final status, as one tool", async () => {
    const closed: Draft = {
      type: "tool_call",
      data: { toolName: "charge", arguments: {}, status: "success", result: "ok" },
    }
    const parts = await partsOf(toolCall("c1"), { ...closed, metadata: { callId: "c1" } }, toolResult("c1"))
    assert.lengthOf(parts, 1)
  })

  it("has files and images as file parts, and other content as data", async () => {
    const parts = await partsOf(
      { type: "file", data: { url: "/f/1", filename: "a.csv", mimeType: "text/csv", size: 2 } },
      { type: "image", data: { url: "https://a.example/i", alt: "A cat" } },
      { type: "image", data: { url: "data:image/png;base64,AA==" } },
      table,
    )
    assert.deepInclude(parts[0], { type: "file", url: "/f/1", mediaType: "text/csv" })
    assert.deepInclude(parts[0], { providerMetadata: { crossfade: { filename: "a.csv", size: 2 } } })
    assert.deepInclude(parts[1], { mediaType: "image/*", providerMetadata: { crossfade: { alt: "A cat" } } })
    assert.deepInclude(parts[2], { mediaType: "image/png" })
    assert.deepInclude(parts[3], { type: "data-table", data: { columns: [], rows: [] } })
  })
})

describe("text that is taken back", () => {
  const textsOf = (parts: Awaited<ReturnType<typeof partsOf>>) =>
    parts.map((part) => (part.type === "text" ? part.text : part.type))

  it("leaves the message, with the parts around it in place", async () => {
    const parts = await partsOf(
      plan,
      text("wrong"),
      toolCall("c1"),
      toolResult("c1"),
      retract(2, 2),
      text("right"),
    )
    assert.deepStrictEqual(textsOf(parts), ["data-plan", "dynamic-tool", "right"])
    assert.deepInclude(parts[1], { state: "output-available" })
  })

  it("leaves in parts, each retract its own range", async () => {
    const parts = await partsOf(text("a"), table, text("b"), retract(1, 1), retract(3, 3), text("c"))
    assert.deepStrictEqual(textsOf(parts), ["data-table", "c"])
    assert.deepStrictEqual(textsOf(await partsOf(text("a"), table, text("b"), retract(1, 1))), [
      "data-table",
      "b",
    ])
  })

  it("leaves with its failed attempt when another mode answers", async () => {
    const parts = await partsOf(thinking("hm"), text("wrong"), retract(2, 2), fallback, text("right"))
    assert.deepStrictEqual(textsOf(parts), ["reasoning", "right"])
  })

  it("ends the stream with an error when the step was too long to repeat", async () => {
    const bytes = bytesOf(entriesOf([text("x".repeat(300_000)), retract(1, 1), text("right")]))
    const { errors } = await shown(bytes)
    assert.deepStrictEqual(errors, ["Error: The answer was replaced. Load the conversation again."])
    assert.notInclude(bytes, "right")
    assert.isTrue(bytes.endsWith("data: [DONE]\n\n"))
  })
})

it("a change of mode empties the plan and starts a new step", async () => {
  const { message } = await shown(bytesOf(entriesOf([plan, fallback, text("a")])))
  assert.deepStrictEqual(
    message?.parts.map(({ type }) => type),
    ["step-start", "data-plan", "step-start", "text"],
  )
  assert.deepInclude(message?.parts[1], { data: { steps: [], currentStep: "" } })
  const chunks = await chunksOf(bytesOf(entriesOf([fallback])))
  assert.deepInclude(chunks, { type: "data-fallback", data: fallback.data, transient: true })
})

describe("an interrupt", () => {
  const interrupt: Draft = {
    type: "interrupt",
    data: { interruptId: "i1", reason: "tool_call", message: "Charge the card?" },
    metadata: { callId: "c1" },
  }
  const waiting = { event: "done", data: { ...done, finishReason: "interrupt" } } as const

  it("asks for the approval of the call that waits", async () => {
    const { message } = await shown(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    assert.deepInclude(message?.parts[1], {
      type: "dynamic-tool",
      state: "approval-requested",
      approval: { id: "i1", descriptor: interrupt.data, requestReason: "Charge the card?" },
    })
  })

  it("shows the call first if the stream has not shown it", async () => {
    const data = { interruptId: "i1", reason: "tool_call", toolName: "charge", arguments: { eur: 5 } }
    const { message } = await shown(bytesOf(entriesOf([{ type: "interrupt", data }], waiting)))
    assert.deepInclude(message?.parts[1], {
      toolName: "charge",
      input: { eur: 5 },
      state: "approval-requested",
    })
  })

  it("without a call is a question in a data part", async () => {
    const data = { interruptId: "i2", reason: "question", message: "Which one?" }
    const parts = await partsOf({ type: "interrupt", data })
    assert.deepInclude(parts[0], { type: "data-interrupt", data })
  })

  it("ends with a reason that lets the client send the approval by itself", async () => {
    const chunks = await chunksOf(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    assert.deepInclude(chunks.at(-1), { type: "finish", finishReason: "tool-calls" })
  })

  it("continues in the client's own message, whose calls get their results", async () => {
    const { message } = await shown(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    const continued = { messageId: "m1", calls: ["c1"], denied: [] }
    const { errors, message: after } = await shown(bytesOf(entriesOf([toolResult("c1")]), continued), {
      ...message!,
      id: "m1",
    })
    assert.deepStrictEqual(errors, [])
    assert.strictEqual(after?.id, "m1")
    assert.deepStrictEqual(
      after?.parts.map((part) => ("state" in part ? part.state : part.type)),
      ["step-start", "output-available", "step-start"],
    )
  })

  it("closes its call when the user denies it", async () => {
    const { message } = await shown(bytesOf(entriesOf([toolCall("c1"), interrupt], waiting)))
    const continued = { messageId: runId, calls: ["c1"], denied: ["c1"] }
    const { message: after } = await shown(bytesOf(entriesOf([text("Fine.")]), continued), message)
    assert.deepInclude(after?.parts[1], { type: "dynamic-tool", state: "output-denied" })
  })
})

describe("the end of a UI message stream", () => {
  it("is an error with the public sentence, after its code", async () => {
    const chunks = await chunksOf(bytesOf(entriesOf([], failed)))
    assert.deepStrictEqual<unknown>(chunks, [
      { type: "data-run-error", data: failed.data, transient: true },
      { type: "error", errorText: "No model answers." },
    ])
    const { errors, message } = await shown(bytesOf(entriesOf([text("Hel")], failed)))
    assert.deepStrictEqual(errors, ["Error: No model answers."])
    assert.deepInclude(message?.parts[1], { text: "Hel", state: "done" })
  })

  it("is an abort after a cancel", async () => {
    const data = { ...failed.data, code: "EXECUTION_CANCELLED", message: "The run was cancelled." }
    const chunks = await chunksOf(bytesOf(entriesOf([text("a")], { event: "error", data } as typeof failed)))
    assert.deepStrictEqual<unknown>(chunks.at(-1), { type: "abort", reason: "The run was cancelled." })
    assert.notInclude(JSON.stringify(chunks), "errorText")
  })

  it("names a limit and a filter with the words of the client", async () => {
    for (const [ours, theirs] of [
      ["length", "length"],
      ["content_filter", "content-filter"],
      ["other", "other"],
    ] as const) {
      const end = { event: "done", data: { ...done, finishReason: ours } } as const
      assert.deepInclude((await chunksOf(bytesOf(entriesOf([], end)))).at(-1), { finishReason: theirs })
    }
  })
})

it("the first chunk names the run and the session", async () => {
  assert.deepStrictEqual<unknown>((await chunksOf(bytesOf(entriesOf([]))))[0], {
    type: "start",
    messageId: runId,
    messageMetadata: { runId, sessionId },
  })
})

it("renames the keys that the client's parser refuses", async () => {
  const args = JSON.parse('{"__proto__": 1, "a": [{"constructor": {"prototype": 2}}], "constructor": 3}')
  const parts = await partsOf({
    type: "tool_call",
    data: { toolName: "t", arguments: args, status: "calling" },
  })
  assert.deepInclude(parts[0], {
    input: { "~__proto__": 1, a: [{ "~constructor": { prototype: 2 } }], constructor: 3 },
  })
})

const anyMessage = Schema.Union(messageTypes.map(schemaOf))

it.effect.prop(
  "any events become chunks that the package accepts, and the stream ends",
  { messages: Schema.Array(anyMessage).check(Schema.isMaxLength(12)) },
  ({ messages }) =>
    Effect.promise(async () => {
      const entries = [
        ...messages.map((data, index) => ({ seq: index + 1, event: { event: "message", data } as const })),
        { seq: messages.length + 1, event: { event: "done", data: done } as const },
      ]
      const bytes = bytesOf(entries)
      const { errors } = await shown(bytes)
      assert.deepStrictEqual(errors, [])
      const last = (await chunksOf(bytes)).at(-1)
      assert.strictEqual(last?.type, "finish")
      assert.isTrue(uiStream().encoder(run()).frames(entries).endsWith("data: [DONE]\n\n"))
    }),
)

import { assert, describe, it } from "@effect/vitest"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { planStep, runId, table, text, thinking, toolCall, toolResult } from "../../support/fixtures.ts"
import { bytesOf, chunksOf, done, entriesOf, failed, shown } from "./chunks.ts"
import { partsOf } from "./parts.ts"

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
    const chunks = await chunksOf(
      bytesOf(entriesOf([toolCall("c1"), { ...closed, metadata: { callId: "c1" } }])),
    )
    assert.lengthOf(
      chunks.filter(({ type }) => type === "tool-input-available"),
      1,
    )
  })

  it("keeps the order of text and other parts", async () => {
    const parts = await partsOf(text("a"), table, text("b"))
    assert.deepStrictEqual(
      parts.map((part) => (part.type === "text" ? part.text : part.type)),
      ["a", "data-table", "b"],
    )
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

  it("leaves without the thoughts between its parts", async () => {
    const parts = await partsOf(text("a"), thinking("hm"), text("b"), retract(1, 3), text("c"))
    assert.deepStrictEqual(textsOf(parts), ["reasoning", "c"])
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

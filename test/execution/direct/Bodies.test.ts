import { assert, describe, it } from "@effect/vitest"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import { wires } from "../../../src/execution/direct/Wire.ts"
import { agent, turn } from "../../support/fixtures.ts"

const settings = { name: "a", baseUrl: undefined, apiKey: undefined, model: "m", ...plainRequests }
const settled = { systemPrompt: "Be kind.", maxTokens: 100, temperature: 1.5 }
const asked = turn({
  agent: agent(settled),
  history: [
    { role: "user", content: "before" },
    { role: "assistant", content: "yes" },
    { role: "user", content: "now" },
  ],
})
const bare = turn({ agent: agent({ systemPrompt: "" }) })
const bodyOf = (kind: keyof typeof wires, one = asked): unknown =>
  wires[kind].body({ ...settings, kind }, one, "m")

describe("the body of a request", () => {
  it("is a chat completion", () => {
    assert.deepStrictEqual(bodyOf("openai-compatible"), {
      model: "m",
      messages: [{ role: "system", content: "Be kind." }, ...asked.history],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 100,
      temperature: 1.5,
    })
  })

  it("is a response that is not stored", () => {
    assert.deepStrictEqual(bodyOf("openai"), {
      model: "m",
      instructions: "Be kind.",
      input: asked.history,
      stream: true,
      store: false,
      max_output_tokens: 100,
      temperature: 1.5,
    })
  })

  it("is a message of Anthropic's, within its temperatures", () => {
    assert.deepStrictEqual(bodyOf("anthropic"), {
      model: "m",
      system: "Be kind.",
      messages: asked.history,
      stream: true,
      max_tokens: 100,
      temperature: 1,
    })
  })

  it("is a content of Gemini's", () => {
    assert.deepStrictEqual(bodyOf("google"), {
      systemInstruction: { parts: [{ text: "Be kind." }] },
      contents: [
        { role: "user", parts: [{ text: "before" }] },
        { role: "model", parts: [{ text: "yes" }] },
        { role: "user", parts: [{ text: "now" }] },
      ],
      generationConfig: { maxOutputTokens: 100, temperature: 1.5 },
    })
  })

  it("has no more than the agent sets, and the limit that Anthropic demands", () => {
    const input = bare.history
    assert.deepStrictEqual(bodyOf("openai", bare), { model: "m", input, stream: true, store: false })
    assert.deepInclude(bodyOf("anthropic", bare), { messages: input, max_tokens: 8192 })
    assert.notProperty(bodyOf("anthropic", bare), "system")
    assert.deepInclude(bodyOf("google", bare), { generationConfig: {} })
  })
})

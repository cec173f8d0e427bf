/** The published clients of OpenAI's protocol, unchanged, against a real gateway with a runtime and a model. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { ChatOpenAI } from "@langchain/openai"
import { generateText, streamText } from "ai"
import OpenAI from "openai"
import { beforeAll, describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { ask, model, packageFor } from "./openAiRequests.ts"

const world = useWorld()
let openai: OpenAI
let apiKey: string

beforeAll(async () => {
  const key = await world.client.json("POST", "/api/v1/keys", { name: "openai" })
  apiKey = key.data.key
  openai = packageFor(world.gateway.url, apiKey)
})

const spoken = { scenario: "echo", message: "hé" }
const all = { scenario: "all" }

describe("the openai package", () => {
  it("reads a whole answer with its reasoning, its file as a link, its usage and no calls", async () => {
    const completion = await openai.chat.completions.create({ model, messages: ask(all) })
    const [choice] = completion.choices
    expect(choice?.finish_reason).toBe("stop")
    expect(choice?.message.content).toContain("Crème brûlée")
    expect(choice?.message.content).toMatch(/\[report\.csv\]\(\/api\/v1\/chat\/runs\/[\w-]+\/files\/[\w-]+\)/)
    expect(choice?.message).toMatchObject({ reasoning_content: "Réflexion…Vérification" })
    expect(choice?.message.tool_calls).toBeUndefined()
    expect(completion.usage?.total_tokens).toBeGreaterThan(0)
    const run = await world.run(completion.id.replace("chatcmpl-", ""))
    expect(run).toMatchObject({ status: "completed", agentId: defaultAgent })
  })

  it("streams the same answer as a whole one", async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages: ask(all),
      stream: true,
      stream_options: { include_usage: true },
    })
    let content = ""
    const chunks = []
    for await (const chunk of stream) {
      chunks.push(chunk)
      content += chunk.choices[0]?.delta.content ?? ""
    }
    const whole = await openai.chat.completions.create({ model, messages: ask(all) })
    const ids = /runs\/[\w-]+\/files\/[\w-]+/
    expect(content.replace(ids, "")).toBe(whole.choices[0]?.message.content?.replace(ids, ""))
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant")
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop")
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(chunks.filter(({ usage }) => usage !== null && usage !== undefined)).toHaveLength(1)
  })

  it("sends no usage in a stream that did not ask for it", async () => {
    const stream = await openai.chat.completions.create({ model, messages: ask(spoken), stream: true })
    for await (const chunk of stream) expect(chunk).not.toHaveProperty("usage")
  })

  it("builds the final completion with its stream helper", async () => {
    const stream = openai.chat.completions.stream({ model, messages: ask(spoken) })
    expect(await stream.finalContent()).toBe("You said: hé")
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe("stop")
  })

  it("names the model that answered, with the provider's own usage", async () => {
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "direct_llm", reason: "x" })
    const completion = await openai.chat.completions.create({ model, messages: ask("hello") })
    expect(completion).toMatchObject({
      model: "m",
      usage: { prompt_tokens: 11, completion_tokens: 31, total_tokens: 42 },
    })
    const streamed = await openai.chat.completions
      .stream({ model, messages: ask("hello") })
      .finalChatCompletion()
    expect(streamed.model).toBe("m")
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "none", reason: "x" })
  })

  it("sends the history and the instructions with each request, and the agent's own prompt first", async () => {
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "direct_llm", reason: "x" })
    await openai.chat.completions.create({
      model,
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "one " },
            { type: "text", text: "two" },
          ],
        },
        { role: "assistant", content: "three" },
        { role: "developer", content: "Be kind." },
        { role: "user", content: "four" },
      ],
    })
    const { messages } = world.model.asked.at(-1)!.body
    expect(messages.at(0).role).toBe("system")
    expect(messages.at(0).content).toMatch(/Be brief\.\n\nBe kind\.$/)
    expect(messages.slice(1)).toEqual([
      { role: "user", content: "one two" },
      { role: "assistant", content: "three" },
      { role: "user", content: "four" },
    ])
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "none", reason: "x" })
  })

  it("lists the caller's active agents as models, and reads one by its id and by its name", async () => {
    const client = await world.as("models", "mia")
    const { id } = (await client.json("POST", "/api/v1/agents", { name: "My helper / ü" })).data
    await client.json("POST", "/api/v1/agents", { name: "off", active: false })
    const own = new OpenAI({ apiKey: client.token, baseURL: `${world.gateway.url}/v1` })
    const ids = []
    for await (const found of own.models.list()) ids.push(found.id)
    expect(ids).toEqual([model, `agent:${id}`])
    const one = { id: `agent:${id}`, object: "model", owned_by: "models", name: "My helper / ü" }
    expect(await own.models.retrieve(`agent:${id}`)).toMatchObject(one)
    expect(await own.models.retrieve("My helper / ü")).toMatchObject(one)
    const answer = await own.chat.completions.create({ model: "My helper / ü", messages: ask(spoken) })
    expect((await client.json("GET", "/api/v1/chat/sessions")).data.sessions[0].agentId).toBe(id)
    expect(answer.choices[0]?.message.content).toBe("You said: hé")
  })

  it("takes the oldest active agent of a name, the organisation's own first", async () => {
    const client = await world.as("names", "nia")
    const own = new OpenAI({ apiKey: client.token, baseURL: `${world.gateway.url}/v1` })
    const create = async (body: object) => (await client.json("POST", "/api/v1/agents", body)).data.id
    const name = (await world.client.json("GET", `/api/v1/agents/${defaultAgent}`)).data.settings.name
    await create({ name, active: false })
    expect((await own.models.retrieve(name)).id).toBe(model)
    const second = await create({ name })
    await create({ name })
    expect((await own.models.retrieve(name)).id).toBe(`agent:${second}`)
  })
})

describe("the AI SDK's provider for compatible servers", () => {
  const provider = () =>
    createOpenAICompatible({
      name: "crossfade",
      apiKey,
      baseURL: `${world.gateway.url}/v1`,
      includeUsage: true,
    })

  it("reads text, reasoning and usage", async () => {
    const result = await generateText({ model: provider()(model), prompt: JSON.stringify(spoken) })
    expect(result.text).toBe("You said: hé")
    expect(result.reasoningText).toBe("Réflexion…")
    expect(result.usage.totalTokens).toBeGreaterThan(0)
    expect(result.finishReason).toBe("stop")
  })

  it("streams text and reasoning", async () => {
    const result = streamText({ model: provider()(model), prompt: JSON.stringify(spoken) })
    let text = ""
    for await (const part of result.textStream) text += part
    expect(text).toBe("You said: hé")
    expect(await result.reasoningText).toBe("Réflexion…")
    expect((await result.usage).totalTokens).toBeGreaterThan(0)
  })

  it("gives an error in the middle of a stream as an error", async () => {
    const errors: Array<unknown> = []
    const result = streamText({
      model: provider()(model),
      prompt: JSON.stringify({ scenario: "cut", after: "tool_call", n: 2 }),
      onError: ({ error }) => void errors.push(error),
    })
    let text = ""
    for await (const part of result.textStream) text += part
    expect(text).toBe("idée 0 idée 1 ")
    expect(JSON.stringify(errors)).toContain("UPSTREAM_")
  })
})

describe("LangChain", () => {
  const chat = () =>
    new ChatOpenAI({ model, apiKey, configuration: { baseURL: `${world.gateway.url}/v1` }, maxRetries: 0 })

  it("invokes an agent with the default settings", async () => {
    const answer = await chat().invoke(JSON.stringify(spoken))
    expect(answer.content).toBe("You said: hé")
    expect(answer).toMatchObject({
      usage_metadata: { total_tokens: expect.any(Number) },
      response_metadata: { finish_reason: "stop" },
    })
  })

  it("streams an agent's answer with its usage", async () => {
    const chunks = []
    for await (const chunk of await chat().stream(JSON.stringify(spoken))) chunks.push(chunk)
    expect(chunks.map(({ content }) => content).join("")).toBe("You said: hé")
    const usage = { usage_metadata: expect.objectContaining({ total_tokens: expect.any(Number) }) }
    expect(chunks).toContainEqual(expect.objectContaining(usage))
  })
})

/** Files of clients' messages, from the published clients to a model and a runtime. */
import { ChatOpenAI } from "@langchain/openai"
import type { UIMessage } from "ai"
import OpenAI from "openai"
import { beforeAll, describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { AgUiAgent } from "../support/agUiClient.ts"
import { freePort } from "../support/freePort.ts"
import { useWorld } from "../support/world.ts"
import { chatsOf, textOf } from "../clients/aiSdkChats.ts"
import { refusalOf, run } from "./agUiRuns.ts"
import { failed, model, packageFor } from "./openAiRequests.ts"

const base64 =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
const png = `data:image/png;base64,${base64}`
const csv = `data:text/csv;base64,${Buffer.from("name,city\nAna,Graz\n").toString("base64")}`
const pdf = `data:application/pdf;base64,${Buffer.from("%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n").toString("base64")}`
const image = { type: "image_url", image_url: { url: png } }

const file = (url: string, filename: string, mediaType: string) => ({
  type: "file" as const,
  url,
  filename,
  mediaType,
})
const parts = (text: string, ...files: ReadonlyArray<ReturnType<typeof file>>): UIMessage["parts"] => [
  ...files,
  ...(text === "" ? [] : [{ type: "text" as const, text }]),
]
const cat = file(png, "cat.png", "image/png")

describe("a runtime without links and a model that takes images", () => {
  const world = useWorld({ DIRECT_LLM_A_ATTACHMENTS: "image" })
  const { open } = chatsOf(world)
  let openai: OpenAI
  let apiKey: string
  beforeAll(async () => {
    apiKey = (await world.client.json("POST", "/api/v1/keys", { name: "openai" })).data.key
    openai = packageFor(world.gateway.url, apiKey)
  })

  /** The messages that the model got last. */
  const prompt = () =>
    world.model.asked.at(-1)?.body.messages.filter((one: { role: string }) => one.role !== "system")

  it("get a file of useChat in direct mode, and later turns have it too", async () => {
    const { chat } = open()
    await chat.sendMessage({ role: "user", parts: parts("What is it?", cat) })
    expect(chat.error).toBeUndefined()
    expect(prompt()).toEqual([{ role: "user", content: [image, { type: "text", text: "What is it?" }] }])
    // The runtime is preferred again, and gets a mark.
    await chat.sendMessage({ text: JSON.stringify({ scenario: "echo", message: "seen" }) })
    expect(textOf(chat.messages.at(-1))).toContain("seen")
    const { executions } = await world.log()
    expect(executions.at(-1)?.body.history_messages[0]).toEqual({
      role: "user",
      content: "What is it?\n\n[file: cat.png]",
    })
    expect(executions.at(-1)?.body.metadata).not.toHaveProperty("attachments")
    // The same chat with another image: the model sees both.
    await chat.sendMessage({ role: "user", parts: parts("", cat) })
    const sent = prompt()
    expect(sent[0].content).toEqual([image, { type: "text", text: "What is it?" }])
    expect(sent.at(-1).content).toEqual([image])
  })

  it("answer again with the same file, and on an edited message with another one", async () => {
    const { chat } = open()
    await chat.sendMessage({ role: "user", parts: parts("Look", cat) })
    await chat.regenerate()
    expect(chat.error).toBeUndefined()
    expect(prompt()).toEqual([{ role: "user", content: [image, { type: "text", text: "Look" }] }])
    chat.messages = []
    await chat.sendMessage({ role: "user", parts: parts("Read", file(csv, "a.csv", "text/csv")) })
    expect(chat.error).toBeUndefined()
    const { executions } = await world.log()
    expect(executions.at(-1)).toBeUndefined()
    expect(prompt()).toEqual([{ role: "user", content: "[file: a.csv]\nname,city\nAna,Graz\n\n\nRead" }])
  })

  it("get the file of a chat that was loaded again, by its address", async () => {
    const { chat, id } = open()
    await chat.sendMessage({ role: "user", parts: parts("", cat) })
    const load = async () =>
      (await world.client.json("GET", `/api/v1/ai-sdk/chat/${id}/messages`)).data.messages
    const messages: ReadonlyArray<UIMessage> = await load()
    const url = expect.stringMatching("^/api/v1/files/")
    expect(messages[0]?.parts).toEqual([{ ...cat, url }])
    const again = open({ id, messages }).chat
    await again.regenerate()
    expect(again.error).toBeUndefined()
    expect(prompt()).toEqual([{ role: "user", content: [image] }])
    // An edit brings the file along by its address.
    const { url: stored } = messages[0]!.parts[0] as typeof cat
    await again.sendMessage({
      role: "user",
      parts: parts("Look closer", { ...cat, url: stored }),
      messageId: messages[0]!.id,
    })
    expect(again.error).toBeUndefined()
    expect(prompt()).toEqual([{ role: "user", content: [image, { type: "text", text: "Look closer" }] }])
    const edited: ReadonlyArray<UIMessage> = await load()
    expect(edited[0]?.parts).toEqual([
      { ...cat, url: stored },
      { type: "text", text: "Look closer" },
    ])
    expect(edited).toHaveLength(2)
  })

  it("answer again in the other mode when the chosen one takes no such files, and the decision says so", async () => {
    const read = await world.client.stream("POST", "/api/v1/chat/start", {
      agentId: defaultAgent,
      attachments: [{ data: png, filename: "cat.png" }],
    })
    await read.rest()
    const [, answer] = await world.messages(read.sessionId)
    const regenerate = (mode: string) =>
      world.client.request("POST", `/api/v1/chat/messages/${answer!.id}/regenerate`, { mode })
    const direct = await regenerate("direct_llm")
    expect(await direct.text()).toContain("event: done")
    expect(prompt()).toEqual([{ role: "user", content: [image] }])
    const runtime = await regenerate("runtime_orchestrator")
    expect(await runtime.text()).toContain("event: done")
    expect(prompt()).toEqual([{ role: "user", content: [image] }])
    expect((await world.log()).executions).toEqual([])
    const { data } = await world.client.json("GET", `/api/v1/chat/runs/${runtime.headers.get("x-run-id")}`)
    expect(data.executionMode).toBe("direct_llm")
    expect(JSON.stringify(data.decision)).toContain("runtime_orchestrator does not take image")
  })

  it("are in the agent, with the kinds that each mode takes", async () => {
    const { data } = await world.client.json("GET", `/api/v1/agents/${defaultAgent}`)
    expect(data.attachments).toEqual({ runtime_orchestrator: [], direct_llm: ["image", "text"] })
    const all = await world.client.json("GET", "/api/v1/agents")
    expect(all.data[0].attachments).toEqual(data.attachments)
  })

  it("refuse kinds that nothing takes, before anything is stored", async () => {
    const { chat } = open()
    await chat.sendMessage({ role: "user", parts: parts("Read", file(pdf, "a.pdf", "application/pdf")) })
    expect(JSON.parse(chat.error?.message ?? "").error).toMatchObject({
      code: "ATTACHMENTS_UNSUPPORTED",
      details: [{ message: "Expected files of the kinds image, text, got pdf" }],
    })
    expect(world.model.asked).toEqual([])
  })

  it("refuse a file that is not what it claims, and one of another host", async () => {
    const refusal = async (url: string) => {
      const { chat } = open()
      await chat.sendMessage({ role: "user", parts: parts("Look", file(url, "a.png", "image/png")) })
      return JSON.parse(chat.error?.message ?? "").error
    }
    expect(await refusal("data:image/png;base64,AA==")).toMatchObject({
      code: "VALIDATION_FAILED",
      details: [{ path: "payload.messages.0.parts.0" }],
    })
    expect((await refusal("http://169.254.169.254/latest/meta-data")).details[0].message).toContain(
      "not fetched",
    )
    const stranger = `${world.gateway.url}/api/v1/files/01900000-0000-7000-8000-000000000001`
    expect((await refusal(stranger)).details[0]).toMatchObject({ path: "payload.messages.0.parts.0" })
  })

  it("get the image of HttpAgent, and its snapshots keep it", async () => {
    const agent = new AgUiAgent(world.client)
    const source = { type: "data" as const, value: base64, mimeType: "image/png" }
    agent.addMessage({
      id: "u1",
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "image", source, metadata: { filename: "cat.png" } },
      ],
    })
    await run(agent)
    expect(prompt()).toEqual([{ role: "user", content: [image, { type: "text", text: "Look" }] }])
    expect(agent.messages[0]).toMatchObject({ content: [{ text: "Look" }, { type: "image", source }] })
    const other = new AgUiAgent(world.client)
    const audio = { type: "audio" as const, source: { ...source, mimeType: "audio/wav" } }
    other.addMessage({ id: "u1", role: "user", content: [audio] })
    expect((await refusalOf(other)).text).toContain("payload.messages.0.content.0")
  })

  it("get the images of the openai package and of LangChain", async () => {
    const look = { role: "user" as const, content: [{ type: "image_url" as const, image_url: { url: png } }] }
    const completion = await openai.chat.completions.create({ model, messages: [look] })
    expect(completion.choices[0]?.message.content).toBe("direct answer")
    expect(prompt()).toEqual([{ role: "user", content: [image] }])
    const langchain = new ChatOpenAI({
      model,
      apiKey,
      configuration: { baseURL: `${world.gateway.url}/v1` },
      maxRetries: 0,
    })
    const answer = await langchain.invoke([
      { role: "user", content: [image, { type: "text", text: "Look" }] },
    ])
    expect(answer.text).toBe("direct answer")
    expect(prompt()).toEqual([{ role: "user", content: [image, { type: "text", text: "Look" }] }])
    const remote = { type: "image_url" as const, image_url: { url: "https://example.org/a.png" } }
    const error = await failed(
      openai.chat.completions.create({ model, messages: [{ role: "user", content: [remote] }] }),
    )
    expect(error).toMatchObject({ status: 400, param: "messages.0.content.0" })
  })

  it("take a body of several mebibytes, up to a limit that the answer names", async () => {
    const { chat } = open()
    const earlier: UIMessage = {
      id: "u",
      role: "user",
      parts: parts("", file(`data:,${"x".repeat(3_000_000)}`, "x", "x")),
    }
    chat.messages = [earlier]
    await chat.sendMessage({ role: "user", parts: parts("Look", cat) })
    expect(chat.error).toBeUndefined()
    chat.messages = Array.from({ length: 9 }, () => earlier)
    await chat.sendMessage({ role: "user", parts: parts("Look", cat) })
    expect(JSON.parse(chat.error?.message ?? "").error).toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: expect.stringContaining("24 MiB"),
    })
  })
})

describe("a runtime with links", async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const world = useWorld({ PORT: String(port), PUBLIC_URL: url, DIRECT_LLM_A_ATTACHMENTS: "image,pdf" })
  const { open } = chatsOf(world)
  const echo = JSON.stringify({ scenario: "echo", message: "yes" })

  it("fetches the file of the message without a token", async () => {
    const { chat } = open()
    await chat.sendMessage({ role: "user", parts: parts(echo, cat) })
    expect(chat.error).toBeUndefined()
    const { body } = (await world.log()).executions[0]!
    expect(body.metadata.attachments).toEqual([
      {
        fileId: expect.any(String),
        filename: "cat.png",
        mediaType: "image/png",
        bytes: 70,
        url: expect.stringMatching(`^${url}/api/v1/files/`),
      },
    ])
    const [{ fileId, url: link }] = body.metadata.attachments
    const fetched = await fetch(link)
    expect(fetched.status).toBe(200)
    expect(Buffer.from(await fetched.arrayBuffer()).toString("base64")).toBe(base64)
    expect((await fetch(`${url}/api/v1/files/${fileId}`)).status).toBe(401)
    // The client sends the address instead of the bytes, in the same chat.
    await chat.sendMessage({
      role: "user",
      parts: parts(echo, file(`/api/v1/files/${fileId}`, "cat.png", "image/png")),
    })
    expect((await world.log()).executions[1]?.body.metadata.attachments[0].fileId).toBe(fileId)
  })

  it("falls back to a model that gets the contents", async () => {
    const { chat } = open()
    await chat.sendMessage({ role: "user", parts: parts(JSON.stringify({ scenario: "error" }), cat) })
    expect(textOf(chat.messages.at(-1))).toContain("direct answer")
    expect(world.model.asked.at(-1)?.body.messages.at(-1).content[0]).toEqual(image)
  })

  it("leaves a deleted file as a mark, and fails a retry with it before any model is called", async () => {
    const { chat } = open()
    await chat.sendMessage({ role: "user", parts: parts(echo, cat) })
    const { body } = (await world.log()).executions[0]!
    const [{ fileId }] = body.metadata.attachments
    expect((await world.client.request("DELETE", `/api/v1/files/${fileId}`)).status).toBeLessThan(300)
    await chat.sendMessage({ text: JSON.stringify({ scenario: "error" }) })
    expect(
      world.model.asked.at(-1)?.body.messages.find(({ role }: { role: string }) => role === "user"),
    ).toEqual({
      role: "user",
      content: `${echo}\n\n[file: cat.png]`,
    })
  })
})

/** Refused requests, as the openai package sees them. */
import { AuthenticationError, NotFoundError, PermissionDeniedError } from "openai"
import { describe, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { ask, bodyOf, failed, model, packageFor, post } from "./openAiRequests.ts"

const world = useWorld()
const openaiFor = (apiKey: string) => packageFor(world.gateway.url, apiKey)

describe("a refused request", () => {
  it.each([
    ["an unknown key", "sk-unknown", AuthenticationError, "invalid_api_key"],
    ["a token without the permission", "reader", PermissionDeniedError, "AUTH_PERMISSION_DENIED"],
  ] as const)("throws the class of its status for %s", async (_, token, type, code) => {
    const given = token === "reader" ? await tokenFor("acme", "ana", ["chat:read"]) : token
    const error = await failed(openaiFor(given).chat.completions.create({ model, messages: ask("hi") }))
    expect(error).toBeInstanceOf(type)
    expect(error.code).toBe(code)
  })

  it.each(["agent:00000000-0000-4000-8000-00000000dead", "gpt-4o"])(
    "is 404 for the model %s",
    async (unknown) => {
      const error = await failed(
        openaiFor(world.client.token).chat.completions.create({ model: unknown, messages: ask("hi") }),
      )
      expect(error).toBeInstanceOf(NotFoundError)
      expect([error.code, error.param, error.type]).toEqual([
        "model_not_found",
        "model",
        "invalid_request_error",
      ])
    },
  )

  it("keeps an API key to its agents", async () => {
    const own = (await world.client.json("POST", "/api/v1/agents", { name: "only" })).data.id
    const { key } = (await world.client.json("POST", "/api/v1/keys", { name: "k", agents: [own] })).data
    const limited = openaiFor(key)
    const ids = (await limited.models.list()).data.map(({ id }) => id)
    expect(ids).toEqual([`agent:${own}`])
    const error = await failed(limited.chat.completions.create({ model, messages: ask("hi") }))
    expect([error.status, error.code]).toEqual([403, "AUTH_AGENT_DENIED"])
    const named = await failed(limited.models.retrieve("Assistant"))
    expect(named).toBeInstanceOf(NotFoundError)
  })

  const text = ask("hi")
  const image = [{ type: "image_url", image_url: { url: "https://example.org/a.png" } }]
  it.each<readonly [string, object, string]>([
    ["no messages", { messages: [] }, "messages"],
    ["messages that are no list", { messages: "hi" }, "messages"],
    ["no model", { messages: text, model: undefined }, "model"],
    ["a model that is no text", { messages: text, model: 5 }, "model"],
    [
      "an assistant's message at the end",
      { messages: [...text, { role: "assistant", content: "x" }] },
      "messages.1.role",
    ],
    ["a blank question", { messages: ask("  ") }, "messages.0.content"],
    ["an image of another host", { messages: [{ role: "user", content: image }] }, "messages.0.content.0"],
    [
      "audio",
      { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
      "messages.0.content.0.type",
    ],
    [
      "a tool's message",
      { messages: [{ role: "tool", content: "x", tool_call_id: "c" }, ...text] },
      "messages.0.role",
    ],
    [
      "calls in the history",
      { messages: [{ role: "assistant", content: null, tool_calls: [{ id: "c" }] }, ...text] },
      "messages.0.tool_calls",
    ],
    ["tools", { messages: text, tools: [{ type: "function", function: { name: "f" } }] }, "tools"],
    ["several answers", { messages: text, n: 2 }, "n"],
    ["probabilities", { messages: text, logprobs: true }, "logprobs"],
    ["a schema", { messages: text, response_format: { type: "json_schema" } }, "response_format"],
    ["stop sequences", { messages: text, stop: ["\n"] }, "stop"],
    ["sound", { messages: text, modalities: ["text", "audio"] }, "modalities"],
    ["a stream that is no boolean", { messages: text, stream: "yes" }, "stream"],
  ])("names the field of %s", async (_, body, param) => {
    const response = await post(world.client, body)
    const { error } = await bodyOf(response)
    expect([response.status, error.type, error.param]).toEqual([400, "invalid_request_error", param])
    expect(error.message).toContain(param)
  })

  it.each(["{", '"text"', "", "[1]"])(
    "is an error object for a body that is no request: %s",
    async (body) => {
      const headers = { authorization: `Bearer ${world.client.token}`, "content-type": "application/json" }
      const response = await fetch(`${world.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers,
        body,
      })
      expect(response.status).toBe(400)
      expect((await bodyOf(response)).error).toMatchObject({
        type: "invalid_request_error",
        code: "VALIDATION_FAILED",
      })
    },
  )

  it("is an error object for a message that is too long, a body that is too large, and another path", async () => {
    const long = await post(world.client, { messages: ask("x".repeat(100_001)) })
    expect([long.status, (await bodyOf(long)).error]).toMatchObject([
      400,
      { code: "VALIDATION_MESSAGE_TOO_LONG", param: "messages.0.content" },
    ])
    const large = await post(world.client, { messages: ask("x".repeat(26_000_000)) })
    expect([large.status, (await bodyOf(large)).error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"])
    const elsewhere = await world.client.request("POST", "/v1/embeddings", { input: "x" })
    expect([elsewhere.status, (await bodyOf(elsewhere)).error.type]).toEqual([404, "invalid_request_error"])
    const anonymous = await new Client(world.gateway.url, "").request("GET", "/v1/models")
    expect([anonymous.status, (await bodyOf(anonymous)).error.type]).toEqual([401, "authentication_error"])
  })

  it("is not refused for fields without an effect, or with their defaults", async () => {
    const response = await post(world.client, {
      messages: ask({ scenario: "echo", message: "ok" }),
      temperature: 0.2,
      top_p: 1,
      max_tokens: 10,
      max_completion_tokens: 10,
      seed: 1,
      user: "u",
      metadata: { a: "b" },
      n: 1,
      stop: null,
      tools: [],
      tool_choice: "none",
      parallel_tool_calls: false,
      logprobs: false,
      logit_bias: {},
      response_format: { type: "text" },
      modalities: ["text"],
      store: false,
      service_tier: "auto",
      reasoning_effort: "low",
      frequency_penalty: 0,
      unknown: { a: 1 },
    })
    expect((await bodyOf(response)).choices[0].message.content).toBe("You said: ok")
  })
})

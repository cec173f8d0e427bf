/** Failures, cancels and repeated requests, as the openai package sees them. */
import OpenAI, {
  APIError,
  AuthenticationError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai"
import { beforeAll, describe, expect, it } from "vitest"
import { Client, defaultAgent, tokenFor } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "60000",
  CHAT_STALL_TIMEOUT_MS: "60000",
  SSE_HEARTBEAT_INTERVAL_MS: "1000",
  CHAT_DETACH_GRACE_MS: "60000",
})
const model = `agent:${defaultAgent}`
let openai: OpenAI

const clientFor = (apiKey: string, maxRetries = 0): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${world.gateway.url}/v1`, maxRetries })

beforeAll(() => {
  openai = clientFor(world.client.token)
})

const ask = (content: unknown): Array<{ role: "user"; content: string }> => [
  { role: "user", content: typeof content === "string" ? content : JSON.stringify(content) },
]

/** The text and the error of a stream. */
const read = async (content: unknown, headers: Record<string, string> = {}) => {
  const body = { model, messages: ask(content), stream: true } as const
  const { data, response } = await openai.chat.completions.create(body, { headers }).withResponse()
  const runId = response.headers.get("x-run-id") ?? ""
  let text = ""
  try {
    for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? ""
  } catch (error) {
    if (error instanceof APIError) return { text, runId, error }
    throw error
  }
  return { text, runId, error: undefined }
}

const raw = (body: object, headers: Record<string, string> = {}) =>
  world.client.request("POST", "/v1/chat/completions", { model, ...body }, headers)

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever came
const bodyOf = (response: Response): Promise<any> => response.json()

const failed = async (sent: Promise<unknown>) => {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof APIError)) throw new Error(`no API error: ${String(error)}`)
  return error
}

/** Both forms of a request must fail in the same way. */
const forms = [{ stream: false }, { stream: true }] as const

/** A failure that no other target can answer. */
const alone = async (): Promise<void> => {
  for (let tries = 0; tries < 4; tries++) world.model.answers.push({ kind: "status", status: 500 })
}

describe("a run that fails before its first text", () => {
  it.each(forms)("has a status, so the client throws its own class: %j", async (form) => {
    await alone()
    const error = await failed(
      openai.chat.completions.create({ model, messages: ask({ scenario: "error" }), ...form }),
    )
    expect(error).toBeInstanceOf(InternalServerError)
    expect(error.status).toBe(502)
    expect(error.code).toMatch(/^UPSTREAM_/)
    expect(error.headers?.get("x-should-retry")).toBe("true")
    expect(error.requestID).toBeTruthy()
    const run = await world.run(error.headers?.get("x-run-id") ?? "")
    expect(run.status).toBe("failed")
  })

  it.each(forms)("is repeated by the client, which gets the next answer: %j", async (form) => {
    await alone()
    const retrying = clientFor(world.client.token, 2)
    const content = { scenario: "error" }
    const answer = await retrying.chat.completions.create({ model, messages: ask(content), ...form })
    expect(answer).toBeDefined()
    expect(world.model.answers.length).toBeLessThan(4)
  })

  it("falls back to the other mode without a sign in the answer", async () => {
    const content = { scenario: "error" }
    expect(await read(content)).toMatchObject({ text: "direct answer", error: undefined })
    const completion = await openai.chat.completions.create({ model, messages: ask(content) })
    expect([completion.choices[0]?.message.content, completion.model]).toEqual(["direct answer", "m"])
  })

  it("says 429 and how long to wait when the provider limits the rate", async () => {
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "direct_llm", reason: "x" })
    world.model.answers.push({ kind: "status", status: 429, retryAfter: "9" })
    world.model.answers.push({ kind: "status", status: 429, retryAfter: "9" })
    const error = await failed(openai.chat.completions.create({ model, messages: ask("hello") }))
    await world.operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "none", reason: "x" })
    expect(error).toBeInstanceOf(RateLimitError)
    expect([error.code, error.headers?.get("retry-after")]).toEqual(["rate_limit_exceeded", "9"])
  })
})

describe("a run that fails after a call", () => {
  const called = { scenario: "cut", after: "tool_call", n: 2 }

  it("ends its stream with an error object and without [DONE]", async () => {
    const { error, text } = await read(called)
    expect(text).toBe("idée 0 idée 1 ")
    expect(error).toBeInstanceOf(APIError)
    expect(error?.code).toMatch(/^UPSTREAM_/)
    const body = await (await raw({ messages: ask(called), stream: true })).text()
    expect(body).not.toContain("[DONE]")
    expect(body.trimEnd().split("\n").at(-1)).toMatch(/^data: \{"error":/)
  })

  it("is not repeated by the client, because the call has run", async () => {
    const retrying = clientFor(world.client.token, 2)
    const error = await failed(retrying.chat.completions.create({ model, messages: ask(called) }))
    expect([error.status, error.headers?.get("x-should-retry")]).toEqual([502, "false"])
    expect((await world.log()).executions).toHaveLength(1)
  })
})

describe("shown text that is taken back", () => {
  const half = { scenario: "cut", after: "text", n: 3 }

  it("ends a stream with an error", async () => {
    const { error, text } = await read(half)
    expect([text, error?.code]).toEqual(["idée 0 idée 1 idée 2 ", "ANSWER_RETRACTED"])
  })

  it("is never seen in a held stream, nor in a whole answer", async () => {
    expect(await read(half, { "x-crossfade-hold": "true" })).toMatchObject({
      text: "direct answer",
      error: undefined,
    })
    const { choices } = await openai.chat.completions.create({ model, messages: ask(half) })
    expect(choices[0]?.message.content).toBe("direct answer")
  })

  it("keeps a held stream open with comments", async () => {
    const content = { scenario: "slow", count: 4, delay_ms: 700 }
    const response = await raw({ messages: ask(content), stream: true }, { "x-crossfade-hold": "true" })
    const body = await response.text()
    expect(body.match(/^: heartbeat$/gm)?.length).toBeGreaterThan(0)
    expect(body.match(/"content":/g)).toHaveLength(1)
    expect(body).toContain("idée 0 idée 1 idée 2 idée 3 ")
    expect(body.trimEnd().endsWith("data: [DONE]")).toBe(true)
  })
})

describe("a client that leaves", () => {
  const endless = { scenario: "hang", after: "text", n: 2, ping_ms: 50 }
  const cancelled = () => world.logged(({ cancels }) => cancels.length > 0)

  it("cancels its run at once when it breaks off a stream", async () => {
    const stream = await openai.chat.completions.create({ model, messages: ask(endless), stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== undefined) break
    expect((await cancelled()).cancels).toHaveLength(1)
  })

  it.each(forms)("cancels its run at once while it waits for a response: %j", async (form) => {
    const abort = new AbortController()
    const quiet = { scenario: "hang", after: "nothing", ping_ms: 50 }
    const sent = failed(
      openai.chat.completions.create({ model, messages: ask(quiet), ...form }, { signal: abort.signal }),
    )
    await world.logged(({ executions }) => executions.length === 1)
    abort.abort()
    await sent
    expect((await cancelled()).cancels).toHaveLength(1)
  })
})

describe("an idempotency key", () => {
  it("gives a repeated request the answer of the first run, whole or streamed", async () => {
    const key = { "idempotency-key": "openai-1" }
    const messages = ask({ scenario: "echo", message: "once" })
    const first = await raw({ messages }, key)
    const again = await raw({ messages }, key)
    expect(await bodyOf(again)).toEqual(await bodyOf(first))
    expect(again.headers.get("idempotent-replayed")).toBe("true")
    const streamed = await (await raw({ messages, stream: true }, key)).text()
    expect(streamed).toContain("once")
    expect((await world.log()).executions).toHaveLength(1)
    const other = await raw({ messages: ask("another") }, key)
    expect([other.status, (await bodyOf(other)).error.type]).toEqual([422, "invalid_request_error"])
  })

  it("lets a run continue without its client, so that the repeated request gets the answer", async () => {
    const key = { "idempotency-key": "openai-2" }
    const messages = ask({ scenario: "slow", count: 3, delay_ms: 200 })
    const abort = new AbortController()
    const sent = failed(
      openai.chat.completions.create({ model, messages }, { headers: key, signal: abort.signal }),
    )
    await world.logged(({ executions }) => executions.length === 1)
    abort.abort()
    await sent
    const again = await openai.chat.completions.create({ model, messages }, { headers: key })
    expect(again.choices[0]?.message.content).toBe("idée 0 idée 1 idée 2 ")
    expect((await world.log()).executions).toHaveLength(1)
  })
})

describe("a refused request", () => {
  it.each([
    ["an unknown key", "sk-unknown", AuthenticationError, "invalid_api_key"],
    ["a token without the permission", "reader", PermissionDeniedError, "AUTH_PERMISSION_DENIED"],
  ] as const)("throws the class of its status for %s", async (_, token, type, code) => {
    const given = token === "reader" ? await tokenFor("acme", "ana", ["chat:read"]) : token
    const error = await failed(clientFor(given).chat.completions.create({ model, messages: ask("hi") }))
    expect(error).toBeInstanceOf(type)
    expect(error.code).toBe(code)
  })

  it.each(["agent:00000000-0000-4000-8000-00000000dead", "gpt-4o"])(
    "is 404 for the model %s",
    async (unknown) => {
      const error = await failed(openai.chat.completions.create({ model: unknown, messages: ask("hi") }))
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
    const limited = clientFor(key)
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
    ["an image", { messages: [{ role: "user", content: image }] }, "messages.0.content.0.type"],
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
    const response = await raw(body)
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
    const long = await raw({ messages: ask("x".repeat(100_001)) })
    expect([long.status, (await bodyOf(long)).error]).toMatchObject([
      400,
      { code: "VALIDATION_MESSAGE_TOO_LONG", param: "messages.0.content" },
    ])
    const large = await raw({ messages: ask("x".repeat(1_100_000)) })
    expect([large.status, (await bodyOf(large)).error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"])
    const elsewhere = await world.client.request("POST", "/v1/embeddings", { input: "x" })
    expect([elsewhere.status, (await bodyOf(elsewhere)).error.type]).toEqual([404, "invalid_request_error"])
    const anonymous = await new Client(world.gateway.url, "").request("GET", "/v1/models")
    expect([anonymous.status, (await bodyOf(anonymous)).error.type]).toEqual([401, "authentication_error"])
  })

  it("is not refused for fields without an effect, or with their defaults", async () => {
    const response = await raw({
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

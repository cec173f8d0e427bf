/** Failures, cancels and repeated requests, as the openai package sees them. */
import { APIError, InternalServerError, type OpenAI, RateLimitError } from "openai"
import { beforeAll, describe, expect, it } from "vitest"
import { useWorld } from "../support/world.ts"
import { ask, bodyOf, failed, model, packageFor, post } from "./openAiRequests.ts"

const world = useWorld({
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "60000",
  CHAT_STALL_TIMEOUT_MS: "60000",
  SSE_HEARTBEAT_INTERVAL_MS: "1000",
  CHAT_DETACH_GRACE_MS: "60000",
})
let openai: OpenAI

beforeAll(() => {
  openai = packageFor(world.gateway.url, world.client.token)
})

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
    const retrying = packageFor(world.gateway.url, world.client.token, 2)
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
    const body = await (await post(world.client, { messages: ask(called), stream: true })).text()
    expect(body).not.toContain("[DONE]")
    expect(body.trimEnd().split("\n").at(-1)).toMatch(/^data: \{"error":/)
  })

  it("is not repeated by the client, because the call has run", async () => {
    const retrying = packageFor(world.gateway.url, world.client.token, 2)
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
    const response = await post(
      world.client,
      { messages: ask(content), stream: true },
      { "x-crossfade-hold": "true" },
    )
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
    const first = await post(world.client, { messages }, key)
    const again = await post(world.client, { messages }, key)
    expect(await bodyOf(again)).toEqual(await bodyOf(first))
    expect(again.headers.get("idempotent-replayed")).toBe("true")
    const streamed = await (await post(world.client, { messages, stream: true }, key)).text()
    expect(streamed).toContain("once")
    expect((await world.log()).executions).toHaveLength(1)
    const other = await post(world.client, { messages: ask("another") }, key)
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

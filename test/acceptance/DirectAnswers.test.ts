/** The ends of direct providers' answers, and their meaning for the turn. */
import { describe, expect, it } from "vitest"
import { ofType, textOf } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { useWorld } from "../support/world.ts"

const second = await startModel()
const world = useWorld({
  CHAT_EXECUTION_MODE: "direct_llm",
  DIRECT_LLM_PROVIDERS: "a,b",
  ...providerEnv("b", second.url),
})

const says = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
const stops = (finish_reason: string, more: object = {}) => ({
  model: "m-2026",
  choices: [{ index: 0, delta: {}, finish_reason }],
  ...more,
})
const usage = { usage: { prompt_tokens: 11, completion_tokens: 31 } }
const refusal = (status: number, error: object) =>
  ({ kind: "status", status, body: JSON.stringify({ error }) }) as const

const ask = async (text: string) => {
  second.asked.length = 0
  const stream = await world.client.start(text)
  const frames = await stream.rest()
  return { frames, last: frames.at(-1), run: await world.run(stream.runId), stream }
}

describe("an answer of a direct provider", () => {
  it.each([
    ["[DONE], with the connection left open", [says("hi"), stops("stop"), " [DONE] "], "open"],
    ["a finish reason, with the connection left open", [says("hi"), stops("stop", usage)], "open"],
    ["a finish reason, with the connection reset", [says("hi"), stops("stop", usage)], "reset"],
  ] as const)("is whole after %s", async (_, events, end) => {
    world.model.answers.push({ kind: "raw", events, end })
    const { frames, last, run } = await ask("end")
    expect(textOf(frames)).toBe("hi")
    expect(ofType(frames, "retract")).toEqual([])
    expect(last).toMatchObject({ event: "done", data: { finishReason: "stop", model: "m-2026" } })
    expect(run.attempts).toMatchObject([{ target: "a", outcome: "success" }])
    expect(second.asked).toHaveLength(0)
  })

  it("reports that the model's token limit cut it", async () => {
    const events = [says("hi"), stops("length", usage), "[DONE]"]
    world.model.answers.push({ kind: "raw", events, end: "open" })
    const { last } = await ask("length")
    expect(last).toMatchObject({
      event: "done",
      data: { finishReason: "length", usage: { tokens: 42, inputTokens: 11, outputTokens: 31 } },
    })
  })

  it("separates thinking in a tag from its text", async () => {
    const events = [says("<thi"), says("nk>hm</think>\n\nhi"), stops("stop"), "[DONE]"]
    world.model.answers.push({ kind: "raw", events, end: "open" })
    const { frames, stream } = await ask("think")
    expect(textOf(frames)).toBe("hi")
    expect(ofType(frames, "thinking")).toHaveLength(1)
    expect((await world.messages(stream.sessionId))[1].content).toBe("hi")
  })

  it.each([
    ["a refusal", refusal(400, { code: "content_filter", message: "sk-canary-0000" })],
    ["its finish reason", { kind: "raw", events: [says("h"), stops("sensitive")], end: "open" }],
    ["an error in the stream", { kind: "raw", events: [{ error: { code: "content_filter" } }], end: "open" }],
  ] as const)(
    "is requested from no other model after a content filter's refusal by %s",
    async (_, answer) => {
      world.model.answers.push(answer)
      const { last, run, stream } = await ask("filter")
      expect(last).toMatchObject({ event: "error", data: { code: "CONTENT_FILTERED", recoverable: false } })
      expect(run.attempts).toMatchObject([{ target: "a", outcome: "neutral", code: "CONTENT_FILTERED" }])
      expect(second.asked).toHaveLength(0)
      expect(Buffer.from(stream.bytes).toString()).not.toContain("canary")
    },
  )

  it.each([
    [402, { message: "no" }],
    [429, { code: "insufficient_quota", message: "no" }],
    [400, { message: "Your credit balance is too low" }],
    [401, { code: "invalid_api_key", message: "sk-canary-0000" }],
  ] as const)(
    "is requested from the next provider after a configuration error (%s, %j)",
    async (status, error) => {
      world.model.answers.push(refusal(status, error))
      const { frames, run } = await ask("configuration")
      expect(textOf(frames)).toBe("direct answer")
      expect(world.model.asked).toHaveLength(1)
      expect(run.attempts).toMatchObject([
        { target: "a", outcome: "error", code: "UPSTREAM_MISCONFIGURED" },
        { target: "b", outcome: "success" },
      ])
      expect(run.attempts[0].failure).toBe([status, "code" in error ? error.code : ""].join(" ").trim())
    },
  )

  it("is retried if a rate limit interrupts the stream, then reports how long to wait", async () => {
    const limit = { error: { code: 429, details: [{ retryDelay: "17s" }] } }
    world.model.answers.push({ kind: "raw", events: [{ error: { code: 429 } }], end: "open" })
    world.model.answers.push({ kind: "raw", events: [limit], end: "open" })
    second.answers.push({ kind: "raw", events: [limit], end: "open" })
    const { last, run } = await ask("limit")
    expect(last).toMatchObject({ event: "error", data: { code: "UPSTREAM_RATE_LIMITED", retryAfter: 17 } })
    expect(run.attempts).toMatchObject([
      { target: "a", outcome: "neutral" },
      { target: "a", outcome: "neutral" },
      { target: "b", outcome: "neutral" },
    ])
  })
})

import { describe, expect, it } from "vitest"
import { eventually, ofType, textOf } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { useWorld } from "../support/world.ts"

const second = await startModel()
const world = useWorld({
  CHAT_EXECUTION_MODE: "direct_llm",
  DIRECT_LLM_PROVIDERS: "a,b",
  ...providerEnv("b", second.url),
  CHAT_DETACH_GRACE_MS: "100",
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "2000",
  CHAT_STALL_TIMEOUT_MS: "2000",
  CHAT_RUNTIME_SHADOW_PERCENT: "100",
  // The model's requests are counted here.
  CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
})

describe("direct mode", () => {
  it("streams the answer with the tokens that the provider counted", async () => {
    const stream = await world.client.start("hello")
    const frames = await stream.rest()
    expect(textOf(frames)).toBe("direct answer")
    expect(frames.at(-1)).toMatchObject({
      event: "done",
      data: { executionMode: "direct_llm", usage: { tokens: 42 } },
    })
    expect(frames.at(-1)?.data.usage.estimated).toBeUndefined()
    const { messages } = world.model.asked[0]!.body
    expect(messages.at(0).role).toBe("system")
    expect(messages.at(-1)).toMatchObject({ role: "user", content: "hello" })
    expect(messages.filter((message: { role: string }) => message.role === "user")).toHaveLength(1)
  })

  it("fault 13: also runs the configured share of direct turns on the runtime, hidden and uncounted", async () => {
    const before = (await world.operator.json("GET", "/api/v1/runtime/metrics")).data
    const stream = await world.client.start("shadow me")
    const frames = await stream.rest()
    expect(textOf(frames)).toBe("direct answer")
    const log = await world.logged(({ executions }) => executions.some((e) => e.ended === "complete"))
    expect(log.executions[0]?.body.metadata).toMatchObject({ shadow: true, run_id: stream.runId })
    expect(log.executions[0]?.body.session_id).not.toBe(stream.sessionId)
    const run = await eventually(async () => {
      const found = await world.run(stream.runId)
      return found.attempts.length === 2 && found
    })
    expect(run.attempts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ shadow: true, mode: "runtime_orchestrator", outcome: "success" }),
      ]),
    )
    const after = (await world.operator.json("GET", "/api/v1/runtime/metrics")).data
    expect(after.runtime.total).toBe(before.runtime.total)
  })

  it("fault 15: retries before the first delta, after the delay that the provider asks for", async () => {
    world.model.answers.push({ kind: "status", status: 503, retryAfter: "1" })
    const before = Date.now()
    const frames = await (await world.client.start("retry me")).rest()
    expect(textOf(frames)).toBe("direct answer")
    expect(Date.now() - before).toBeGreaterThanOrEqual(1000)
    expect(world.model.asked).toHaveLength(2)
  })

  it("fault 15: never retries after the first delta: the next provider answers, and the shown text is retracted", async () => {
    second.asked.length = 0
    world.model.answers.push({ kind: "cut", parts: ["half of ", "an answer"] })
    const stream = await world.client.start("cut me")
    const frames = await stream.rest()
    expect(world.model.asked).toHaveLength(1)
    expect(second.asked).toHaveLength(1)
    const [retract] = ofType(frames, "retract")
    expect(retract?.data.data).toMatchObject({ fromSeq: 1, toSeq: 2 })
    expect(ofType(frames, "fallback")).toEqual([])
    expect((await world.messages(stream.sessionId))[1].content).toBe("direct answer")
  })

  it("fault 15: shows nothing after an in-band error, and stores a message of the failed turn without text", async () => {
    world.model.answers.push({ kind: "error", parts: [] })
    second.answers.push({ kind: "error", parts: [] })
    const stream = await world.client.start("fail me")
    const frames = await stream.rest()
    expect(Buffer.from(stream.bytes).toString()).not.toContain("after the error")
    expect(Buffer.from(stream.bytes).toString()).not.toContain("sk-canary")
    expect(frames.at(-1)?.event).toBe("error")
    expect(await world.messages(stream.sessionId)).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "", executionMode: "direct_llm", status: "failed" },
    ])
  })

  it("fault 15: cancels the provider's call when the user leaves", async () => {
    world.model.answers.push({ kind: "hang", parts: ["I begin"] })
    const stream = await world.client.start("leave me")
    await stream.until((frame) => frame.seq === 1)
    stream.leave()
    expect(await eventually(async () => world.model.asked[0]?.closed)).toBe(true)
  })

  it("times out a provider that sends nothing, and the next one answers", async () => {
    world.model.answers.push({ kind: "hang", parts: [] })
    const stream = await world.client.start("hang")
    expect(textOf(await stream.rest())).toBe("direct answer")
    const run = await world.run(stream.runId)
    expect(run.attempts.filter((a: { shadow: boolean }) => !a.shadow)).toMatchObject([
      { target: "a", outcome: "timeout_first_content" },
      { target: "b", outcome: "success" },
    ])
  })

  it("moves on at once if a rate-limited provider asks for a longer wait than the turn allows", async () => {
    world.model.answers.push({ kind: "status", status: 429, retryAfter: "30" })
    const stream = await world.client.start("limit me")
    expect(textOf(await stream.rest())).toBe("direct answer")
    expect(world.model.asked).toHaveLength(1)
    expect((await world.run(stream.runId)).attempts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ target: "a", outcome: "neutral", code: "UPSTREAM_RATE_LIMITED" }),
      ]),
    )
  })
})

import { describe, expect, it } from "vitest"
import { ofType, textOf } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

/** The runtime's text in the scenario `all`, from its own log. */
const spoken = async (): Promise<string> => {
  const plain = await world.client.start({ scenario: "all" })
  return textOf(await plain.rest())
}

describe("an answer of the real Python runtime", () => {
  it("fault 1: continues long after the upstream's headers have arrived", async () => {
    const stream = await world.client.start({ scenario: "slow", count: 8, delay_ms: 100 })
    const frames = await stream.rest()
    expect(ofType(frames, "text")).toHaveLength(8)
    expect(frames.at(-1)?.event).toBe("done")
  })

  it("has every one of the runtime's events, in order, as Agent2UI", async () => {
    const frames = await (await world.client.start({ scenario: "all" })).rest()
    const types = new Set(frames.filter((f) => f.event === "message").map((f) => f.data.type))
    expect(types).toEqual(
      new Set([
        "thinking",
        "plan",
        "plan_step",
        "tool_call",
        "tool_result",
        "skill_call",
        "skill_result",
        "mcp_call",
        "mcp_result",
        "file",
        "text",
      ]),
    )
    expect(frames.map((f) => f.seq)).toEqual(frames.map((_, index) => index + 1))
    const steps = ofType(frames, "plan_step").map((f) => f.data.data.status)
    expect(steps).toEqual(expect.arrayContaining(["running", "completed", "failed"]))
  })

  it("fault 2: is whole if its frames are split over many chunks", async () => {
    const whole = await spoken()
    for (const seed of [1, 2, 3]) {
      const frames = await (await world.client.start({ scenario: "all", split: "random", seed })).rest()
      expect(textOf(frames)).toBe(whole)
      expect(frames.at(-1)?.event).toBe("done")
    }
  })

  it("fault 3: arrives byte for byte if chunks end inside characters", async () => {
    const whole = await spoken()
    expect(Buffer.from(whole).byteLength).toBeGreaterThan(whole.length)
    for (const split of ["utf8", "bytes1"]) {
      const stream = await world.client.start({ scenario: "all", split })
      expect(Buffer.from(textOf(await stream.rest())).equals(Buffer.from(whole))).toBe(true)
      const [, assistant] = await world.messages(stream.sessionId)
      expect(assistant.content.startsWith(whole.slice(0, 20))).toBe(true)
    }
  })

  it("fault 5: is the final response if no text preceded it", async () => {
    const stream = await world.client.start({ scenario: "final-only", final_response: "Only at the end: ✓" })
    expect(textOf(await stream.rest())).toBe("Only at the end: ✓")
    expect((await world.messages(stream.sessionId))[1].content).toBe("Only at the end: ✓")
  })

  it("fault 9: ends normally without a cancel at the runtime", async () => {
    const stream = await world.client.start("first")
    await stream.rest()
    await (await world.client.send(stream.sessionId, "second")).rest()
    const log = await world.log()
    expect(log.executions).toHaveLength(2)
    expect(log.cancels).toEqual([])
  })

  it("fault 10: is requested with a history that ends with the current message, and user_message repeats it", async () => {
    const stream = await world.client.start("the first question")
    await stream.rest()
    await (await world.client.send(stream.sessionId, "the second question")).rest()
    const [first, second] = (await world.log()).executions.map((execution) => execution.body)
    expect(first.user_message).toBe("the first question")
    expect(first.history_messages).toEqual([{ role: "user", content: "the first question" }])
    expect(second.user_message).toBe("the second question")
    expect(second.history_messages).toEqual([
      { role: "user", content: "the first question" },
      { role: "assistant", content: "You said: the first question" },
      { role: "user", content: "the second question" },
    ])
    // The default agent sets a system prompt and no model, and the runtime follows the request.
    expect(Object.keys(first.agent_config)).toEqual(["system_prompt"])
  })

  it("fault 11: shows files under the gateway's address only, and serves them there", async () => {
    const stream = await world.client.start({ scenario: "all" })
    const frames = await stream.rest()
    const [file] = ofType(frames, "file")
    expect(file?.data.data.url).toMatch(/^\/api\/v1\/chat\/runs\/[0-9a-f-]{36}\/files\//)
    const everything = Buffer.from(stream.bytes).toString()
    expect(everything).not.toContain(new URL(world.runtime.url).host)
    const download = await world.client.request("GET", file?.data.data.url)
    expect(download.status).toBe(200)
    expect(download.headers.get("content-disposition")).toContain("report.csv")
    expect((await download.arrayBuffer()).byteLength).toBe(file?.data.data.size)
    const other = await world.as("acme", "eve")
    expect((await other.request("GET", file?.data.data.url)).status).toBe(404)
  })

  it("is recorded: the rules, the deadlines, the steps and calls with their times, and the gateway's own time", async () => {
    const stream = await world.client.start({ scenario: "all" })
    await stream.rest()
    const overhead = stream.response.headers.get("x-gateway-overhead-ms")
    expect(overhead).toMatch(/^\d+\.\d$/)
    const run = await world.run(stream.runId)
    expect(run.decision.rules.at(-1)).toMatchObject({ rule: "breaker" })
    const [attempt] = run.attempts
    expect(attempt).toMatchObject({ outcome: "success", durationMs: attempt.endedAt - attempt.startedAt })
    expect(attempt.firstProgressMs).toBeLessThanOrEqual(attempt.firstContentMs)
    expect(run.times.totalMs).toBe(run.endedAt - run.createdAt)
    expect(run.times.overheadMs).toBeLessThanOrEqual(run.times.totalMs)
    expect(run.times.longestSilenceMs).toBeGreaterThanOrEqual(0)
    const kinds = new Set(run.execution.map(({ kind }: { kind: string }) => kind))
    expect(kinds).toEqual(new Set(["step", "tool", "skill", "mcp"]))
    const calls = run.execution.filter(({ kind }: { kind: string }) => kind !== "step")
    for (const call of calls) {
      expect(call.status).toMatch(/completed|failed/)
      expect(call.durationMs).toBe(call.endedAt - call.startedAt)
    }
  })

  it("carries the request id and the trace to the runtime", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const stream = await world.client.start("hello", { "x-request-id": "req-42", traceparent })
    await stream.rest()
    expect(stream.response.headers.get("x-request-id")).toBe("req-42")
    const [execution] = (await world.log()).executions
    expect(execution?.headers["x-request-id"]).toBe("req-42")
    expect(execution?.headers["traceparent"]).toContain("0af7651916cd43dd8448eb211c80319c")
    expect(execution?.headers["accept"]).toContain("text/event-stream")
  })

  it("is an error if both modes refuse the user's own message", async () => {
    world.model.answers.push({ kind: "status", status: 400 })
    const frames = await (
      await world.client.start({ scenario: "http", status: 422, body: { detail: "no" } })
    ).rest()
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { code: "UPSTREAM_REJECTED", recoverable: false },
    })
  })
})

describe("pings and silence", () => {
  // Short deadlines for these tests only: the answers above may be slow on a busy machine.
  const impatient = useWorld({ CHAT_FIRST_CONTENT_TIMEOUT_MS: "1500", CHAT_STALL_TIMEOUT_MS: "1500" })

  it("fault 7: keep-alives do not keep a hung run alive: another target answers in the same response", async () => {
    const before = Date.now()
    const frames = await (await impatient.client.start({ scenario: "hang" })).rest()
    expect(Date.now() - before).toBeLessThan(8000)
    expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("TIMEOUT_FIRST_CONTENT")
    expect(frames.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
    const log = await impatient.logged(
      ({ cancels, executions }) => cancels.length > 0 && executions[0]?.ended !== null,
    )
    expect(log.cancels).toHaveLength(1)
  })

  it("fault 7: a run that hangs after text stalls, its text is retracted, and direct mode answers", async () => {
    const frames = await (await impatient.client.start({ scenario: "hang", after: "text", n: 3 })).rest()
    const texts = ofType(frames, "text")
    const [retract] = ofType(frames, "retract")
    expect(retract?.data.data).toMatchObject({ fromSeq: texts[0]?.seq, toSeq: texts[2]?.seq })
    expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("TIMEOUT_STALL")
    expect(frames.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
  })

  it("a protocol 1 reader, which cannot retract text, gets a recoverable error instead", async () => {
    const stream = await impatient.client.start({ scenario: "hang", after: "text", n: 3 }, {}, "?protocol=1")
    const frames = await stream.rest()
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { code: "ANSWER_RETRACTED", recoverable: true },
    })
    const replay = await (await impatient.client.events(stream.runId)).rest()
    expect(replay.at(-1)?.event).toBe("done")
  })
})

describe("a runtime that breaks", () => {
  it("fault 8: fails if the body ends without a terminal event", async () => {
    const frames = await (await world.client.start({ scenario: "truncate", after: "nothing" })).rest()
    expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("UPSTREAM_TRUNCATED")
    expect(frames.at(-1)).toMatchObject({
      event: "done",
      data: { executionMode: "direct_llm", usage: { tokens: 42 } },
    })
  })

  it("fault 8: has its tokens counted, or estimated and marked as estimated", async () => {
    const frames = await (await world.client.start("how many tokens is this?")).rest()
    expect(frames.at(-1)?.data.usage).toMatchObject({ estimated: true })
    expect(frames.at(-1)?.data.usage.tokens).toBeGreaterThan(0)
  })

  it("fails with the place after a tool call, and nothing is run twice", async () => {
    const stream = await world.client.start({ scenario: "cut", after: "tool_call" })
    const frames = await stream.rest()
    expect(frames.filter((f) => f.event === "error")).toHaveLength(1)
    expect(frames.at(-1)).toMatchObject({
      event: "error",
      data: { stepId: "s1", callId: "call-1", recoverable: true },
    })
    const log = await world.log()
    expect(log.executions.map((execution) => execution.tool_runs)).toEqual([1])
    expect(world.model.asked).toHaveLength(0)
    expect((await world.messages(stream.sessionId)).map(({ role }) => role)).toEqual(["user", "assistant"])
  })

  it("is retried by direct mode after garbage, and tolerates a little garbage", async () => {
    const little = await (await world.client.start({ scenario: "garbage", n: 3 })).rest()
    expect(little.at(-1)).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    const much = await (await world.client.start({ scenario: "garbage", n: 5 })).rest()
    expect(ofType(much, "fallback")[0]?.data.data.code).toBe("UPSTREAM_GARBLED")
    expect(much.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
  })

  it("may send unknown events, which are skipped", async () => {
    const frames = await (await world.client.start({ scenario: "unknown" })).rest()
    expect(frames.at(-1)).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
  })

  it.each([500, 502, 504])(
    "is not asked again after a %d, because the run may have begun, and is cancelled",
    async (status) => {
      const frames = await (await world.client.start({ scenario: "http", status, body: "x" })).rest()
      expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("UPSTREAM_UNAVAILABLE")
      expect(frames.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
      const log = await world.logged(({ cancels }) => cancels.length === 1)
      expect(log.executions).toHaveLength(1)
    },
  )

  it("is asked again once after a 503, because nothing has begun", async () => {
    const frames = await (await world.client.start({ scenario: "http", status: 503, body: "x" })).rest()
    expect(frames.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
    const log = await world.log()
    expect(log.executions).toHaveLength(2)
    expect(log.cancels).toEqual([])
  })

  it("has every attempt of a run recorded", async () => {
    const stream = await world.client.start({ scenario: "error", code: "INTERNAL_ERROR", httpStatus: 500 })
    await stream.rest()
    const run = await world.run(stream.runId)
    expect(run.decision).toMatchObject({
      order: ["runtime_orchestrator", "direct_llm"],
      reason: "default_mode",
    })
    expect(run.decision.rules.map((rule: { rule: string }) => rule.rule)).toEqual([
      "forced",
      "denied_orgs",
      "enabled_orgs",
      "percentage",
      "default_mode",
      "breaker",
    ])
    expect(run.attempts).toMatchObject([
      {
        number: 1,
        mode: "runtime_orchestrator",
        target: "runtime",
        outcome: "error",
        code: "INTERNAL_ERROR",
      },
      { number: 2, mode: "direct_llm", target: "a", outcome: "success", usage: { tokens: 42 } },
    ])
    expect(run.chain.map((message: { type: string }) => message.type)).toContain("fallback")
    expect(run).toMatchObject({ status: "completed", executionMode: "direct_llm", usage: { tokens: 42 } })
  })
})

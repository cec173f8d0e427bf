import { describe, expect, it } from "vitest"
import { ofType, textOf } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

const play = async (scenario: object) => {
  const stream = await world.client.start(scenario)
  const frames = await stream.rest()
  const messages = await world.messages(stream.sessionId)
  return { frames, last: frames.at(-1), answer: messages[1]?.content, run: await world.run(stream.runId) }
}

describe("a runtime failure that arrives as text", () => {
  it.each([{}, { chunks: 5 }])(
    "falls back if it is the first text, and none of it is shown: %j",
    async (how) => {
      const { answer, frames, last, run } = await play({ scenario: "error-text", ...how })
      expect(last).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
      expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("UPSTREAM_FAILED")
      expect(ofType(frames, "retract")).toEqual([])
      expect(answer).not.toContain("I encountered")
      expect(JSON.stringify(frames)).not.toContain("I encountered")
      expect(run.attempts[0]).toMatchObject({
        target: "runtime",
        outcome: "error",
        code: "UPSTREAM_FAILED",
        failure: "said as text",
      })
    },
  )

  it("is a failure after the commit if it follows a part of an answer", async () => {
    const { answer, frames, last } = await play({ scenario: "error-text", after_text: 2 })
    expect(ofType(frames, "retract")).toHaveLength(1)
    expect(last).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
    expect(answer).not.toContain("idée")
    expect(JSON.stringify(frames)).not.toContain("I completed")
  })

  it("is not recognised in a sub-agent's text, which is not the answer", async () => {
    const { answer, frames, last } = await play({ scenario: "delegate", failed: true })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect(answer).toBe("Voici la réponse.")
    expect(textOf(frames)).toBe("Voici la réponse.")
  })

  it("is not recognised in text that only begins like one", async () => {
    const text = "I encountered an error: a typo. It is fixed now."
    const { answer, frames, last } = await play({ scenario: "error-text", chunks: 3, text })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect([textOf(frames), answer]).toEqual([text, text])
  })
})

describe("a recorded answer of the real runtime", () => {
  const fortyTwo = "The answer from the fake model is forty two, in several words."

  it.each(["text", "two", "planfile", "delegate"])("%s is shown and stored unchanged", async (name) => {
    const { answer, frames, last } = await play({ scenario: "recording", name, done: false })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect([textOf(frames), answer]).toEqual([fortyTwo, fortyTwo])
  })

  it.each(["failplan", "failrespond", "cutmodel", "empty"])("%s is answered by direct mode", async (name) => {
    const { frames, last } = await play({ scenario: "recording", name, done: false })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
    expect(ofType(frames, "fallback")).toHaveLength(1)
    expect(ofType(frames, "retract")).toHaveLength(name === "cutmodel" ? 1 : 0)
    expect(JSON.stringify(frames)).not.toMatch(/I encountered|I completed/)
  })
})

describe("the runtime's final response", () => {
  it("is stored and shown if a chunk was lost on the way", async () => {
    const { answer, frames, last } = await play({ scenario: "lost-chunk" })
    expect(last?.event).toBe("done")
    expect(answer).toBe("Une réponse tout entière.")
    const texts = ofType(frames, "text")
    const [retract] = ofType(frames, "retract")
    expect(retract?.data.data).toMatchObject({ fromSeq: texts[0]?.seq, toSeq: texts.at(-2)?.seq })
    expect(texts.at(-1)?.data.data.content).toBe("Une réponse tout entière.")
  })

  it("retracts no call between the texts", async () => {
    const { answer, frames, run } = await play({ scenario: "lost-chunk", call: true })
    expect(answer).toBe("Une réponse tout entière.")
    const taken = ofType(frames, "retract").flatMap(({ data }) => [data.data.fromSeq, data.data.toSeq])
    const calls = [...ofType(frames, "tool_call"), ...ofType(frames, "tool_result")].map(({ seq }) => seq)
    expect(calls).toHaveLength(2)
    for (const seq of calls) expect(taken).not.toContain(seq)
    expect(run.execution).toMatchObject([{ kind: "tool", status: "completed" }])
  })

  it("completes the streamed part of it", async () => {
    const { answer, frames } = await play({ scenario: "slow", count: 1, final_response: "idée 0 et plus" })
    expect(ofType(frames, "retract")).toEqual([])
    expect([textOf(frames), answer]).toEqual(["idée 0 et plus", "idée 0 et plus"])
  })
})

describe("tool calls of the runtime", () => {
  it("have one result each when they run in parallel", async () => {
    const { frames } = await play({ scenario: "parallel" })
    const callOf = (step: string) =>
      ofType(frames, "tool_call").find(({ data }) => data.data.arguments.of === step)?.data.metadata.callId
    for (const { data } of ofType(frames, "tool_result"))
      expect(data.metadata).toEqual({ callId: callOf(data.data.result), stepId: data.data.result })
  })

  it("may have numbers that JSON cannot express", async () => {
    const { frames, last } = await play({ scenario: "numbers" })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect(ofType(frames, "tool_result")[0]?.data.data.result).toEqual({
      mean: null,
      most: null,
      least: null,
      text: "NaN, Infinity",
    })
  })

  it("are not doubled if the first was not seen", async () => {
    const { frames, last } = await play({ scenario: "lost-call" })
    expect(last).toMatchObject({ event: "error", data: { code: "UPSTREAM_TRUNCATED" } })
    expect(ofType(frames, "fallback")).toEqual([])
    expect((await world.log()).executions).toHaveLength(1)
    expect(world.model.asked).toHaveLength(0)
  })

  it("do not end a turn that continues after an unseen call", async () => {
    const { answer, last } = await play({ scenario: "lost-call", end: "complete" })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect(answer).toBe("Fini.")
  })
})

describe("the wire to the runtime", () => {
  it("delivers the last event of a body that ends without a blank line", async () => {
    const { answer, last } = await play({ scenario: "no-blank-line" })
    expect(last).toMatchObject({ event: "done", data: { executionMode: "runtime_orchestrator" } })
    expect(answer).toBe("Fini.")
  })

  it("reports a wrong path as a configuration error, which counts against the runtime", async () => {
    const { frames, run } = await play({ scenario: "http", status: 404, body: { detail: "Not Found" } })
    expect(ofType(frames, "fallback")[0]?.data.data.code).toBe("UPSTREAM_MISCONFIGURED")
    expect(run.attempts[0]).toMatchObject({ outcome: "error", failure: "404" })
  })

  const docs = { id: "docs", name: "Docs", endpoint: "https://mcp.example", transport: "http" }
  const server = { ...docs, isConnected: true, availableTools: [] }
  const helper = { id: "h", name: "Helper", description: "", systemPrompt: "" }
  const create = (fields: object) =>
    world.client.request("POST", "/api/v1/agents", { name: "Orchestrator", ...fields })

  it("carries the agent's settings, its model for the runtime, and the servers of its sub-agents", async () => {
    const created = await create({
      model: "both",
      models: { runtime_orchestrator: "large" },
      temperature: 0.1,
      mcpServers: [server],
      subAgents: [{ ...helper, mcpServers: ["docs"] }],
    })
    const { data } = (await created.json()) as { data: { id: string } }
    const stream = await world.client.request("POST", "/api/v1/chat/start", {
      agentId: data.id,
      message: "hi",
    })
    await stream.text()
    const log = await world.log()
    expect(stream.status).toBe(200)
    const [execution] = log.executions
    expect(execution?.body.agent_config).toEqual({ model: "large", temperature: 0.1 })
    expect(execution?.body.available_sub_agents[0].mcp_servers).toEqual([
      { ...docs, is_connected: true, available_tools: [] },
    ])
  })

  it("refuses an agent whose sub-agent names a server that the agent lacks", async () => {
    const refused = async (response: Response) => {
      expect(response.status).toBe(400)
      return ((await response.json()) as { error: { details: unknown } }).error.details
    }
    const subAgents = [helper, { ...helper, mcpServers: ["docs", "gone"] }]
    const problem = expect.objectContaining({ path: "payload.subAgents.1.mcpServers.1" })
    expect(await refused(await create({ mcpServers: [server], subAgents }))).toEqual([problem])
    const created = await create({ mcpServers: [server], subAgents: [{ ...helper, mcpServers: ["docs"] }] })
    const { data } = (await created.json()) as { data: { id: string } }
    const change = (body: object) => world.client.request("PATCH", `/api/v1/agents/${data.id}`, body)
    expect(await refused(await change({ subAgents }))).toEqual([problem])
    expect(await refused(await change({ mcpServers: [] }))).toHaveLength(1)
    expect((await change({ name: "New" })).status).toBe(200)
  })
})

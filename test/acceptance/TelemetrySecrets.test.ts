import { beforeAll, describe, expect, inject, it } from "vitest"
import { defaultAgent, eventually } from "../support/chatClient.ts"
import { createKey } from "../support/keyClient.ts"
import { callersPlace, useObserved } from "../support/observed.ts"
import { testSecret } from "../support/processes.ts"

/** Secrets in every place where a user, an upstream or an operator puts private text. */
const question = "canary-question-7f3a"
const answer = "canary-answer-91bc"
const upstreams = "canary-upstream-45d0"
const baggage = "canary-baggage-c2e8"
const key = "canary-collector-key-0b6f"
const credential = "canary-credential-5e77"
const dataKey = "canary-data-key-91f3-only-for-tests"

describe.skipIf(inject("collector") === undefined)("the exported and logged data", () => {
  const observed = useObserved({
    // The log of a process in production has one line of JSON per entry.
    NODE_ENV: "production",
    LOG_LEVEL: "debug",
    DATA_KEY: dataKey,
    OTEL_EXPORTER_OTLP_HEADERS: `x-key=${key}`,
    CHAT_RUNTIME_SHADOW_PERCENT: "100",
  })
  const { world } = observed
  const place = callersPlace()
  const statuses: Array<number> = []
  let apiKey = ""

  /** Produces every success, and every failure with private text in its error. */
  beforeAll(async () => {
    const headers = { traceparent: place.traceparent, baggage: `user=${baggage}`, "x-request-id": "asked-1" }
    const first = await world.client.start(question, headers)
    await first.rest()
    await (
      await world.client.send(first.sessionId, {
        scenario: "error",
        error: `${upstreams} ${question}`,
        code: "X",
      })
    ).rest()
    world.model.answers.push({ kind: "text", parts: [answer, question] })
    await (await world.client.start({ scenario: "garbage", question })).rest()
    world.model.answers.push({ kind: "error", parts: [answer] })
    await (
      await world.client.start({ scenario: "http", status: 500, body: `${upstreams} ${question}` })
    ).rest()
    const refused = {
      kind: "status",
      status: 400,
      body: `{"error":{"message":"${upstreams} ${question}"}}`,
    } as const
    world.model.answers.push(refused)
    await (await world.client.start({ scenario: "cut", after: "thinking", question })).rest()
    const { client } = world
    const server = { id: "m", name: "M", transport: "http", isConnected: true, availableTools: [] }
    const withCredential = (endpoint: string) => ({
      name: "Helper",
      mcpServers: [{ ...server, endpoint, authConfig: { token: credential } }],
    })
    const agent = await client.json("POST", "/api/v1/agents", withCredential("https://mcp.example/"))
    const turn = { agentId: agent.data.id, message: question }
    await (await client.stream("POST", "/api/v1/chat/start", turn)).rest()
    await client.json("POST", "/api/v1/agents", withCredential(`https://u:${credential}@mcp.example/`))
    const path = "/api/v1/chat/start"
    const authorization = `Bearer ${client.token}`
    for (const body of [`{"message": ${question}`, `{"agentId":"${question}","message":["${question}"]}`]) {
      const headers = { authorization, "content-type": "application/json" }
      statuses.push((await fetch(`${client.url}${path}`, { method: "POST", headers, body })).status)
    }
    const asked = { agentId: defaultAgent, message: question }
    const missing = `/api/v1/chat/sessions/${crypto.randomUUID()}`
    statuses.push((await client.request("POST", missing, asked)).status)
    const forged = { authorization: `${authorization}x` }
    statuses.push((await client.request("POST", path, asked, forged)).status)
    const made = await createKey(client)
    apiKey = made.key
    await (await made.client.start(question, { traceparent: callersPlace().traceparent })).rest()
    statuses.push((await client.request("POST", path, asked, { authorization: `Bearer ${apiKey}x` })).status)
    await observed.trace(place.traceId, 6)
    await world.gateway.stop()
    // It writes its received data before it ends.
    await observed.collector.down("SIGTERM")
  }, 60_000)

  it("X6: has the gateway's own words in every signal, and the words of users, upstreams and secrets in none", () => {
    const everything = `${observed.collector.everything()}\n${world.gateway.output()}`
    expect(statuses).toEqual([400, 400, 404, 401, 401])
    // The search works: the same export has the turn's own ids.
    for (const there of ["asked-1", "chat_execution_total", "turn ended", place.traceId])
      expect(everything).toContain(there)
    const canaries = [
      question,
      answer,
      upstreams,
      baggage,
      key,
      credential,
      dataKey,
      "sk-canary-0000",
      testSecret,
      "You said",
    ]
    const [, , signature] = world.client.token.split(".")
    for (const canary of [...canaries, world.client.token, signature!, apiKey.slice(9)])
      expect([canary, everything.includes(canary)]).toEqual([canary, false])
  })

  it("correlates every line of a turn by trace, run and request, the same over both outputs", () => {
    const { collector } = observed
    const ended = collector.logs().find(({ attributes }) => attributes["requestId"] === "asked-1")
    const server = collector.trace(place.traceId).find(({ name }) => name === "POST /api/v1/chat/start")
    expect(ended).toMatchObject({
      body: "turn ended",
      severity: "info",
      traceId: place.traceId,
      attributes: {
        requestId: "asked-1",
        runId: server?.attributes["crossfade.run.id"],
        mode: "runtime_orchestrator",
        status: "completed",
      },
      resource: { "service.name": "crossfade", "service.instance.id": expect.any(String) },
    })
    const lines = world.gateway
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line))
    expect(lines.find(({ requestId }) => requestId === "asked-1")).toMatchObject({
      message: ended?.body,
      level: ended?.severity,
      traceId: place.traceId,
      spanId: ended?.spanId,
      runId: ended?.attributes["runId"],
    })
    const isEnd = (text: unknown) => text === "turn ended"
    const told = lines.filter(({ message }) => isEnd(message)).length
    expect(collector.logs().filter(({ body }) => isEnd(body))).toHaveLength(told)
  })
})

describe.skipIf(inject("collector") === undefined)("LOG_CONTENT=true", () => {
  const observed = useObserved({ LOG_CONTENT: "true" })
  const { world } = observed

  it("writes question and answer into the log, and still no secret", async () => {
    const stream = await world.client.start(question)
    await stream.rest()
    const record = await eventually(async () =>
      observed.collector.logs().find(({ attributes }) => attributes["runId"] === stream.runId),
    )
    expect(record?.attributes).toMatchObject({ question, answer: `You said: ${question}` })
    expect(observed.collector.everything()).not.toContain(world.client.token)
    expect(observed.collector.everything()).not.toContain("sk-canary-0000")
  })
})

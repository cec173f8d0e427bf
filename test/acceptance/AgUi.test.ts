import type { HttpAgent } from "@ag-ui/client"
import { EventType } from "@ag-ui/core"
import { describe, expect, it } from "vitest"
import { AgUiAgent, findings } from "../support/agUiClient.ts"
import { Client, eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { complaintsOf, readBy } from "../protocol/ag-ui/reading.ts"
import { refusalOf, run, stored } from "./agUiRuns.ts"

const world = useWorld({
  LOG_LEVEL: "warn",
  CHAT_RETRACT_PARTIAL: "true",
  CORS_ALLOWED_ORIGINS: "https://app.example",
})

const valuesOf = (read: Awaited<ReturnType<typeof run>>): ReadonlyArray<unknown> =>
  read.events.flatMap((event) =>
    event.type === EventType.CUSTOM && "value" in event ? [event["value"]] : [],
  )

const rolesOf = ({ messages }: HttpAgent) => messages.map(({ role }) => role)

describe("HttpAgent of AG-UI", () => {
  it("gets text with the headers of the chat routes", async () => {
    const agent = new AgUiAgent(world.client).says("u1", "hello")
    const { events, finished } = await run(agent, { runId: "my-run" })
    expect(agent.texts).toEqual(["You said: hello"])
    expect(events[0]).toMatchObject({ type: "RUN_STARTED", threadId: agent.threadId, runId: "my-run" })
    expect(finished).toMatchObject({ outcome: { type: "success" }, runId: "my-run" })
    const { headers } = agent.responses[0]!
    expect(finished?.result).toMatchObject({ sessionId: headers.get("x-session-id") })
    const names = ["x-run-id", "x-execution-mode", "x-ratelimit-remaining", "x-gateway-overhead-ms"]
    expect(names.filter((name) => !headers.has(name))).toEqual([])
  })

  it("gets thoughts, a plan with steps, calls of tools, skills and MCP tools, and a file", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "all" })
    const read = await run(agent)
    const types = new Set<string>(read.events.map(({ type }) => type))
    for (const type of ["REASONING_START", "STEP_STARTED", "ACTIVITY_SNAPSHOT", "TOOL_CALL_RESULT", "CUSTOM"])
      expect(types).toContain(type)
    expect(valuesOf(read)).toMatchObject([{ type: "file", data: { filename: "report.csv" } }])
    expect(rolesOf(agent)).toEqual([
      ...["user", "reasoning", "activity"],
      ...["assistant", "tool", "assistant", "tool", "assistant", "tool"],
      ...["assistant", "reasoning"],
    ])
    const results = read.messages.filter(({ role }) => role === "tool")
    expect(results.map(({ metadata }) => metadata?.["agent2ui"])).toMatchObject([
      { success: true },
      { success: true },
      { success: false },
    ])
  })

  it("gets the answer of direct mode when the runtime fails before its answer", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "error" })
    const read = await run(agent)
    expect(valuesOf(read)).toMatchObject([{ type: "fallback", data: { to: "direct_llm" } }])
    expect(agent.texts).toEqual(["direct answer"])
  })

  it("shows no retracted text, and each other message once", async () => {
    const agent = new AgUiAgent(world.client, { threadId: "retracted" })
    agent.setMessages([{ id: "g", role: "assistant", content: "Welcome!" }])
    agent.says("u1", { scenario: "truncate" })
    const read = await run(agent)
    expect(read.events.map(({ type }) => type)).toContain(EventType.MESSAGES_SNAPSHOT)
    expect(agent.texts).toEqual(["Welcome!", "direct answer"])
    expect(rolesOf(agent)).toEqual(["assistant", "user", "reasoning", "assistant"])
    await run(agent.says("u2", "and now?"))
    expect(agent.texts.at(-1)).toBe("You said: and now?")
  })

  it("gets an error with a code, and no host of the runtime, when the runtime dies after a call", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "truncate", after: "tool_call" })
    const { events } = await run(agent)
    expect(events.at(-1)).toMatchObject({ type: "RUN_ERROR", code: "UPSTREAM_TRUNCATED" })
    expect(agent.streams[0]).not.toContain(world.runtime.url)
  })

  it("retries the message whose turn failed when it runs again", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "truncate", after: "tool_call" })
    await run(agent)
    await run(agent)
    const messages = await stored(world, agent)
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "assistant"])
  })
})

describe("a request that is refused", () => {
  it.each([
    ["an unknown history", 400, "messages.0.content"],
    ["a blank message", 400, "messages.2.content"],
    ["an image of another host", 400, "messages.2.content.1: Expected a data URL"],
  ])("names the field: %s", async (what, status, path) => {
    const agent = new AgUiAgent(world.client)
    agent.setMessages([
      { id: "u1", role: "user", content: "unknown" },
      { id: "a1", role: "assistant", content: "unknown" },
    ])
    if (what === "an image of another host")
      agent.addMessage({
        id: "u2",
        role: "user",
        content: [
          { type: "text", text: "Look:" },
          { type: "image", source: { type: "url", value: "https://example.org/a.png" } },
        ],
      })
    else agent.says("u2", what === "a blank message" ? " " : "next")
    const refusal = await refusalOf(agent)
    expect(refusal.status).toBe(status)
    const [at, message = ""] = path.split(": ")
    expect(refusal.text).toContain(`payload.${at}`)
    expect(refusal.text).toContain(message)
  })

  it("has a body that HttpAgent reports, for each status", async () => {
    const anonymous = new AgUiAgent(new Client(world.gateway.url, "")).says("u1", "hello")
    expect(await refusalOf(anonymous)).toMatchObject({
      status: 401,
      text: expect.stringMatching(/^Error: HTTP 401: .*AUTH_TOKEN_MISSING/),
    })
    const reader = await world.as("acme", "ana", ["chat:*"])
    expect(await refusalOf(new AgUiAgent(reader).says("u1", "hello"))).toMatchObject({
      status: 403,
      text: expect.stringContaining("sessions:write"),
    })
    const path = "/00000000-0000-4000-8000-00000000dead"
    expect(await refusalOf(new AgUiAgent(world.client, { path }).says("u1", "hello"))).toMatchObject({
      status: 404,
      text: expect.stringContaining("AGENT_NOT_FOUND"),
    })
  })

  it("leaves the thread usable, because the refused message is skipped", async () => {
    const agent = new AgUiAgent(world.client).says("u1", "one")
    await run(agent)
    expect(await refusalOf(agent.says("u2", " "))).toMatchObject({ status: 400 })
    await run(agent.says("u3", "three"))
    expect(agent.texts.at(-1)).toBe("You said: three")
  })
})

describe("an AG-UI client that leaves", () => {
  it("cancels its run at the runtime at once", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "hang", after: "text" })
    const complaints = await complaintsOf(() =>
      agent.runAgent({}, { onTextMessageContentEvent: () => agent.abortRun() }),
    )
    expect(complaints).toEqual([])
    const { executions } = await world.logged((log) => log.executions.at(-1)?.ended != null)
    expect(executions.at(-1)?.ended).not.toBe("complete")
    const runId = agent.responses[0]?.headers.get("x-run-id") ?? ""
    const ended = await eventually(async () => {
      const { status } = await world.run(runId)
      return status !== "running" && status
    })
    expect(ended).toBe("cancelled")
    await run(agent.says("u2", "next"))
    expect(agent.texts.at(-1)).toBe("You said: next")
  })

  it("finds its run under an idempotency key", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "slow", count: 20, delay_ms: 50 })
    agent.headers = { ...agent.headers, "Idempotency-Key": "k-1" }
    await complaintsOf(() => agent.runAgent({}, { onTextMessageContentEvent: () => agent.abortRun() }))
    const again = new AgUiAgent(world.client, { threadId: agent.threadId })
    again.headers = agent.headers
    await run(again.says("u1", agent.messages[0]?.content))
    expect(again.responses[0]?.headers.get("idempotent-replayed")).toBe("true")
    expect(again.texts.join("")).toContain("idée 19")
  })

  it("gets a cancel by another client as an outcome", async () => {
    const agent = new AgUiAgent(world.client).says("u1", { scenario: "hang", after: "text" })
    const cancel = () => {
      const runId = agent.responses[0]?.headers.get("x-run-id") ?? ""
      return world.client.request("POST", `/api/v1/chat/runs/${runId}/cancel`)
    }
    let asked = false
    const read = await readBy(
      agent,
      {},
      {
        onTextMessageContentEvent: () => {
          if (!asked) void cancel()
          asked = true
        },
      },
    )
    expect(read.complaints).toEqual([])
    expect(await findings(agent.streams[0] ?? "")).toEqual([])
    expect(read.finished?.outcome).toEqual({ type: "cancelled" })
  })
})

it("lets a listed page send what HttpAgent sends", async () => {
  const answer = await fetch(`${world.gateway.url}/api/v1/ag-ui`, {
    method: "OPTIONS",
    headers: {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "accept,authorization,content-type,x-custom",
    },
  })
  expect(answer.status).toBe(204)
  const allowed = answer.headers.get("access-control-allow-headers") ?? ""
  for (const name of ["accept", "authorization", "content-type", "x-custom"])
    expect(allowed.split(", ")).toContain(name)
})

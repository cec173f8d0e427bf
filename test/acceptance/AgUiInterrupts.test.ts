import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { AgUiAgent } from "../support/agUiClient.ts"
import { startAgUiAgents } from "../support/agUiAgents.ts"
import { Client, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { complaintsOf } from "../protocol/ag-ui/reading.ts"
import { run } from "./agUiRuns.ts"

const folder = temporaryFolder()
const paths = ["pydantic-ai", "langgraph"] as const
let agents: Running
let gateway: Running
let client: Client
/** The gateway's path of the agent at each of the server's names. */
let places: Readonly<Record<string, string>>

beforeAll(async () => {
  agents = await startAgUiAgents()
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "runtime_orchestrator",
    RUNTIME_PROTOCOL: "ag-ui",
    RUNTIME_SERVICE_URL: `${agents.url}/pydantic-ai`,
    CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "100000",
    CHAT_RUNTIME_PROBES: "false",
  })
  client = new Client(gateway.url, await tokenFor())
  const placed = await Promise.all(
    paths.map(async (path) => {
      const { data } = await client.json("POST", "/api/v1/agents", { name: path, runtime: { path } })
      return [path, `/${data.id}`] as const
    }),
  )
  places = Object.fromEntries(placed)
}, 90_000)
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  await agents?.stop("SIGKILL")
  folder.dispose()
})

/** A thread whose run waits for an approval. */
const interrupted = async (path: string) => {
  const agent = new AgUiAgent(client, { path: places[path] ?? "" }).says("u1", "APPROVE please")
  const { finished } = await run(agent)
  expect(finished?.outcome?.type).toBe("interrupt")
  const [interrupt] = agent.pendingInterrupts
  if (interrupt === undefined) throw new Error("no interrupt")
  return { agent, interrupt }
}

/** The resume entries of the agent's last request for the thread's session. */
const received = async (agent: AgUiAgent): Promise<unknown> => {
  const sessionId = agent.responses[0]?.headers.get("x-session-id") ?? ""
  const response = await fetch(`${agents.url}/requests/${sessionId}`)
  const { body } = (await response.json()) as { readonly body: { readonly resume: unknown } }
  return body.resume
}

describe.each(paths)("an interrupt of the agent at %s", (path) => {
  it("is answered by a resume entry, and the run continues its call", async () => {
    const { agent, interrupt } = await interrupted(path)
    const calls = agent.messages.filter((message) => "toolCalls" in message).length
    const { finished } = await run(agent, {
      resume: [{ interruptId: interrupt.id, status: "resolved", payload: { approved: true } }],
    })
    expect(finished?.outcome).toEqual({ type: "success" })
    expect(agent.pendingInterrupts).toEqual([])
    expect(await received(agent)).toMatchObject([
      { interruptId: interrupt.id, status: "resolved", payload: { approved: true } },
    ])
    expect(agent.messages.filter((message) => "toolCalls" in message).length).toBe(calls)
    expect(agent.messages.filter(({ role }) => role === "tool").length).toBe(calls)
    await run(agent.says("u2", "hello"))
    expect(agent.texts.length).toBeGreaterThan(0)
  })

  it("is cancelled by a resume entry, with a new message or without one", async () => {
    for (const says of [false, true]) {
      const { agent, interrupt } = await interrupted(path)
      if (says) agent.says("u2", "hello")
      await run(agent, { resume: [{ interruptId: interrupt.id, status: "cancelled" }] })
      expect(await received(agent)).toMatchObject([{ interruptId: interrupt.id, status: "cancelled" }])
    }
  })

  it("does not take the answer to another interrupt", async () => {
    const { agent } = await interrupted(path)
    agent.pendingInterrupts = []
    for (const threadId of [agent.threadId, "unknown"]) {
      agent.threadId = threadId
      const complaints = await complaintsOf(() =>
        agent.runAgent({ resume: [{ interruptId: "other", status: "resolved", payload: 1 }] }),
      )
      expect(complaints.at(-1)).toMatch(/HTTP 404: .*INTERRUPT_NOT_FOUND/)
    }
  })
})

describe.each(paths)("the agent at %s", (path) => {
  const success = { type: "RUN_FINISHED", outcome: { type: "success" } }
  const failure = { type: "RUN_ERROR" }

  it.each([
    ["hello", success],
    ["REASON", success],
    ["TOOL", success],
    ["TOOL2", success],
    ["BADTOOL", failure],
    ["ERR0", failure],
    ["ERRMID", failure],
  ])("gives HttpAgent a stream without a complaint for %s", async (message, end) => {
    const agent = new AgUiAgent(client, { path: places[path] ?? "" }).says("u1", message)
    const { events } = await run(agent)
    expect(events.at(-1)).toMatchObject(end)
    expect(agent.streams[0]).not.toContain("secret-host")
  })
})

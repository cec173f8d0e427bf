import { describe, expect, it } from "vitest"
import { Client, eventually, operatorToken, textOf } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ CHAT_EXECUTION_MODE: "runtime_orchestrator", CHAT_RUNTIME_PROBES: "false" })
const slow = { scenario: "slow", count: 200, delay_ms: 50 }

const status = async (client: Client, method: string, path: string) =>
  (await client.request(method, path)).status

const admin = () => world.as("acme", "adam", ["*"])

/** Waits until the job has ended. */
const ended = (client: Client, id: string) =>
  eventually(async () => {
    const { data } = await client.json("GET", `/api/v1/erasures/${id}`)
    return data.status === "completed" && data
  })

describe("a deleted session", () => {
  it("is gone from every route at once, and its deletion can be repeated", async () => {
    const first = await world.client.start({ scenario: "all" })
    const events = await first.rest()
    const { messageId } = events.at(-1)?.data ?? {}
    const { runId, sessionId } = first
    const session = `/api/v1/chat/sessions/${sessionId}`
    const { data } = await world.client.json("DELETE", session)
    expect(data).toEqual({ sessionId, deleted: true, restorableUntil: null })
    for (const [method, path, body] of [
      ["GET", session],
      ["POST", session, { message: "again" }],
      ["POST", session, { retry: true }],
      ["POST", `${session}/resume`, { interruptId: "i", payload: true }],
      ["GET", `/api/v1/chat/runs/${runId}`],
      ["GET", `/api/v1/chat/runs/${runId}/events`],
      ["POST", `/api/v1/chat/runs/${runId}/ticket`],
      ["POST", `/api/v1/chat/runs/${runId}/cancel`],
      ["GET", `/api/v1/chat/messages/${messageId}/feedback`],
      ["POST", `${session}/restore`],
    ] as const)
      expect((await world.client.json(method, path, body)).error.code, `${method} ${path}`).toMatch(
        /_NOT_FOUND$/,
      )
    const { sessions } = (await world.client.json("GET", "/api/v1/chat/sessions")).data
    expect(sessions.map(({ id }: { readonly id: string }) => id)).not.toContain(sessionId)
    for (let time = 0; time < 2; time++)
      expect((await world.client.json("DELETE", session)).data.deleted).toBe(false)
  })

  it("ends its running answer for every reader, and the runtime's work", async () => {
    const stream = await world.client.start(slow)
    await stream.next()
    const reader = await world.client.stream("GET", `/api/v1/chat/runs/${stream.runId}/events`)
    await world.client.json("DELETE", `/api/v1/chat/sessions/${stream.sessionId}`)
    for (const reading of [stream, reader])
      expect((await reading.rest()).at(-1)).toMatchObject({
        event: "error",
        data: { code: "EXECUTION_CANCELLED" },
      })
    await world.logged(({ executions }) => executions.at(-1)?.ended !== null)
    const again = await world.client.start({ scenario: "echo" })
    expect(textOf(await again.rest())).not.toBe("")
  })
})

describe("a deleted message", () => {
  it("leaves its question, which is answered again by a retry", async () => {
    const first = await world.client.start({ scenario: "all" })
    const { messageId } = (await first.rest()).at(-1)?.data ?? {}
    const { data } = await world.client.json("DELETE", `/api/v1/chat/messages/${messageId}`)
    expect(data).toEqual({ messageId, deleted: true, restorableUntil: null })
    expect(await world.messages(first.sessionId)).toHaveLength(1)
    const retry = await world.client.stream("POST", `/api/v1/chat/sessions/${first.sessionId}`, {
      retry: true,
    })
    expect((await retry.rest()).at(-1)?.event).toBe("done")
    expect(await world.messages(first.sessionId)).toHaveLength(2)
  })

  it("cannot be deleted by another user of the organisation", async () => {
    const first = await world.client.start({ scenario: "all" })
    const { messageId } = (await first.rest()).at(-1)?.data ?? {}
    const colleague = await world.as("acme", "eve", ["*"])
    expect(await status(colleague, "DELETE", `/api/v1/chat/messages/${messageId}`)).toBe(404)
    expect(await status(colleague, "DELETE", `/api/v1/chat/sessions/${first.sessionId}`)).toBe(404)
    expect(await world.messages(first.sessionId)).toHaveLength(2)
  })
})

describe("the erasure of a user", () => {
  it("removes sessions and keys, a running answer too, and nothing of others", async () => {
    const user = await world.as("acme", "erased", ["chat:*", "sessions:*", "keys:*"])
    const other = await world.client.start({ scenario: "all" })
    await other.rest()
    const done = await user.start({ scenario: "all" })
    await done.rest()
    const key = (await user.json("POST", "/api/v1/keys", { name: "k" })).data
    const running = await user.start(slow)
    await running.next()
    const response = await (await admin()).request("DELETE", "/api/v1/users/erased")
    expect(response.status).toBe(202)
    const { data } = (await response.json()) as { readonly data: { readonly id: string } }
    expect((await running.rest()).at(-1)).toMatchObject({ event: "error" })
    const erasure = await ended(await admin(), data.id)
    expect(erasure).toMatchObject({
      userId: "erased",
      progress: { sessions: 2, runs: 2, apiKeys: 1, failures: 0, lastFailure: null },
    })
    for (const { runId, sessionId } of [done, running]) {
      expect(await status(user, "GET", `/api/v1/chat/sessions/${sessionId}`)).toBe(404)
      expect(await status(user, "GET", `/api/v1/chat/runs/${runId}`)).toBe(404)
    }
    expect(await status(new Client(world.gateway.url, key.key), "GET", "/api/v1/chat/sessions")).toBe(401)
    expect(await world.messages(other.sessionId)).toHaveLength(2)
    const operator = new Client(world.gateway.url, await operatorToken())
    const { entries } = (await operator.json("GET", "/api/v1/runtime/audit")).data
    const actions = entries.map(({ action }: { readonly action: string }) => action)
    expect(actions).toEqual(expect.arrayContaining(["user.erase", "user.erased"]))
  })

  it("continues after the process was killed", async () => {
    const user = await world.as("acme", "killed", ["chat:*", "sessions:*"])
    for (let n = 0; n < 8; n++) await (await user.start({ scenario: "echo" })).rest()
    const { id } = (await (await admin()).json("DELETE", "/api/v1/users/killed")).data
    await world.restart()
    expect((await ended(await admin(), id)).progress.failures).toBe(0)
    const again = await world.as("acme", "killed", ["chat:*"])
    expect((await again.json("GET", "/api/v1/chat/sessions")).data.sessions).toEqual([])
  })
})

describe("the erasure of an organisation", () => {
  it("is for its own administrators and for operators, and removes its agents", async () => {
    const own = await world.as("globex", "gus", ["*"])
    const agent = (await own.json("POST", "/api/v1/agents", { name: "a" })).data
    const run = await own.stream("POST", "/api/v1/chat/start", { agentId: agent.id, message: "hello" })
    await run.rest()
    expect(await status(await admin(), "DELETE", "/api/v1/organisations/globex")).toBe(404)
    const operator = new Client(world.gateway.url, await operatorToken())
    const { data } = await operator.json("DELETE", "/api/v1/organisations/globex")
    expect(data).toMatchObject({ orgId: "globex", userId: null })
    expect((await own.json("DELETE", "/api/v1/organisations/globex")).data.id).toBe(data.id)
    expect((await ended(own, data.id)).progress).toMatchObject({ sessions: 1, agents: 1 })
    expect(await status(own, "GET", `/api/v1/agents/${agent.id}`)).toBe(404)
    expect(await status(await admin(), "GET", `/api/v1/erasures/${data.id}`)).toBe(404)
  })
})

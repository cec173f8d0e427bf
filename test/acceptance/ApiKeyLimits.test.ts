import { describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { as, createKey, keysPath, outcome } from "../support/keyClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"

const its = useOneGateway()

const org = () => crypto.randomUUID()
const sessions = "/api/v1/chat/sessions"
const start = "/api/v1/chat/start"
const turn = (agentId = defaultAgent) => ({ agentId, message: "Hello" })

describe("the limits of an API key", () => {
  it("restrict turns, reads and agents to the listed agents", async () => {
    const orgId = org()
    const ana = await as(its.gateway.url, orgId, "ana")
    const agent = (await ana.json("POST", "/api/v1/agents", { name: "Other" })).data
    const elsewhere = await ana.stream("POST", start, turn(agent.id))
    await elsewhere.rest()
    const mine = await ana.start("Hello")
    await mine.rest()
    const { messages } = (await ana.json("GET", `${sessions}/${elsewhere.sessionId}`)).data
    const [question, answer] = messages.map(({ id }: { id: string }) => `/api/v1/chat/messages/${id}`)
    const key = await createKey(ana, { permissions: ["*"], agents: [defaultAgent] })

    const own = await key.client.start("Hello")
    await own.rest()
    expect(await outcome(key.client.request("GET", `/api/v1/chat/runs/${mine.runId}`))).toBe("200 ")
    for (const [method, path, body] of [
      ["POST", start, turn(agent.id)],
      ["POST", `${sessions}/${elsewhere.sessionId}`, { message: "Hello" }],
      ["GET", `${sessions}/${elsewhere.sessionId}`],
      ["PATCH", `${sessions}/${elsewhere.sessionId}`, { pinned: true }],
      ["GET", `${sessions}/${elsewhere.sessionId}/runs`],
      ["POST", `${sessions}/${elsewhere.sessionId}/cancel`],
      ["GET", `${sessions}/${elsewhere.sessionId}/export`],
      ["DELETE", `${sessions}/${elsewhere.sessionId}`],
      ["POST", `${sessions}/${elsewhere.sessionId}/restore`],
      ["GET", answer],
      ["POST", `${answer}/regenerate`, {}],
      ["POST", `${question}/edit`, { message: "Hello" }],
      ["GET", `${answer}/feedback`],
      ["PUT", `${answer}/feedback`, { rating: "up" }],
      ["DELETE", `${answer}/feedback`],
      ["DELETE", question],
      ["POST", `${question}/restore`],
      ["DELETE", "/api/v1/users/ana"],
      ["DELETE", `/api/v1/organisations/${orgId}`],
      ["GET", `/api/v1/chat/runs/${elsewhere.runId}`],
      ["GET", `/api/v1/chat/runs/${elsewhere.runId}/events`],
      ["POST", `/api/v1/chat/runs/${elsewhere.runId}/ticket`],
      ["POST", `/api/v1/chat/runs/${elsewhere.runId}/cancel`],
      ["GET", `/api/v1/chat/runs/${elsewhere.runId}/files/x`],
      ["GET", `/api/v1/agents/${agent.id}`],
      ["PATCH", `/api/v1/agents/${agent.id}`, { name: "Mine" }],
      ["POST", "/api/v1/agents", { name: "New" }],
    ] as const) {
      const refused = key.client.request(method, path, body)
      expect([method, path, await outcome(refused)]).toEqual([method, path, "403 AUTH_AGENT_DENIED"])
    }
    const resumed = key.client.request("POST", start, turn(), { "last-event-id": `${elsewhere.runId}:0` })
    expect(await outcome(resumed)).toBe("403 AUTH_AGENT_DENIED")
    const listed = (await key.client.json("GET", sessions)).data.sessions
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([own.sessionId, mine.sessionId])
    expect((await key.client.json("GET", `${sessions}/counts`)).data.total).toBe(2)
    for (const path of ["/api/v1/chat/export", "/api/v1/users/ana/export"]) {
      const exported = await (await key.client.request("GET", path)).text()
      expect([path, exported.includes(elsewhere.sessionId)]).toEqual([path, false])
      expect(exported).toContain(mine.sessionId)
      expect(exported).toMatch(/"type":"end","sessions":2,"messages":4,"runs":2\}\n$/)
    }
    const agents = (await key.client.json("GET", "/api/v1/agents")).data
    expect(agents.map(({ id }: { id: string }) => id)).toEqual([defaultAgent])
  })

  it("restrict files to unused ones and those of the listed agents", async () => {
    const ana = await as(its.gateway.url, org(), "ana")
    const agent = (await ana.json("POST", "/api/v1/agents", { name: "Other" })).data
    const upload = async (): Promise<string> => {
      const headers = { authorization: `Bearer ${ana.token}`, "content-type": "text/plain" }
      const answer = await fetch(`${ana.url}/api/v1/files`, { method: "POST", headers, body: "plan" })
      return ((await answer.json()) as { data: { fileId: string } }).data.fileId
    }
    const [unused, mine, elsewhere] = [await upload(), await upload(), await upload()]
    for (const [agentId, fileId] of [
      [defaultAgent, mine],
      [agent.id, elsewhere],
    ])
      await (await ana.stream("POST", start, { ...turn(agentId), attachments: [{ fileId }] })).rest()
    const { client } = await createKey(ana, { permissions: ["*"], agents: [defaultAgent] })

    const listed = (await client.json("GET", "/api/v1/files")).data.files
    expect(listed.map(({ fileId }: { fileId: string }) => fileId)).toEqual([mine, unused])
    for (const [method, path] of [
      ["GET", ""],
      ["POST", "/ticket"],
      ["DELETE", ""],
    ] as const) {
      const asked = (fileId: string) => outcome(client.request(method, `/api/v1/files/${fileId}${path}`))
      expect([method, path, await asked(elsewhere)]).toEqual([method, path, "403 AUTH_AGENT_DENIED"])
      expect([method, path, await asked(mine)]).toEqual([method, path, "200 "])
    }
    expect((await ana.request("GET", `/api/v1/files/${elsewhere}`)).status).toBe(200)
  })

  it("validate the listed agents when the key is created", async () => {
    const ana = await as(its.gateway.url, org(), "ana")
    const foreign = await as(its.gateway.url, org(), "eve")
    const theirs = (await foreign.json("POST", "/api/v1/agents", { name: "Theirs" })).data
    const asked = { name: "x", agents: [defaultAgent, theirs.id] }
    expect(await outcome(ana.request("POST", keysPath, asked))).toBe("404 AGENT_NOT_FOUND")
  })

  it("refuse turns beyond the key's rate, in addition to the user's limits", async () => {
    const ana = await as(its.gateway.url, org(), "ana")
    const key = await createKey(ana, { ratePerMinute: 2 })
    const other = await createKey(ana, { ratePerMinute: 2 })
    for (const remaining of ["1", "0"]) {
      const stream = await key.client.start("Hello")
      await stream.rest()
      const { headers } = stream.response
      expect([headers.get("x-ratelimit-limit"), headers.get("x-ratelimit-remaining")]).toEqual([
        "2",
        remaining,
      ])
    }
    const refused = await key.client.request("POST", start, turn())
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await outcome(refused)).toBe("429 RATE_LIMIT_KEY")
    // A read is no turn; another key and the user have rates of their own.
    expect(await outcome(key.client.request("GET", sessions))).toBe("200 ")
    expect(await outcome(other.client.request("POST", start, turn()))).toBe("200 ")
    expect(await outcome(ana.request("POST", start, turn()))).toBe("200 ")
  })
})

import { describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

describe("access control", () => {
  it("fault 18: requires all permissions of a route", async () => {
    const half = await world.as("acme", "ana", ["chat:write"])
    const answer = await half.start("hello")
    expect(answer.response.status).toBe(403)
    const error = await world.client.request(
      "POST",
      "/api/v1/chat/start",
      { agentId: defaultAgent, message: "x" },
      {
        authorization: `Bearer ${half.token}`,
      },
    )
    expect(await error.json()).toMatchObject({
      error: { code: "AUTH_PERMISSION_DENIED", message: "The token lacks: sessions:write." },
    })
  })

  it("fault 18: for a resume by POST requires read permission and the session that it names", async () => {
    const stream = await world.client.start("one")
    await stream.rest()
    const other = await world.client.start("two")
    await other.rest()
    const seen = { "last-event-id": `${stream.runId}:0` }
    const writer = await world.as("acme", "ana", ["chat:write", "sessions:write"])
    expect((await writer.start("x", seen)).response.status).toBe(403)
    const path = `/api/v1/chat/sessions/${other.sessionId}`
    expect((await world.client.stream("POST", path, { message: "x" }, seen)).response.status).toBe(404)
  })

  it("fault 18: hides a session and its runs from another user of the same organisation", async () => {
    const stream = await world.client.start("mine")
    await stream.rest()
    const eve = await world.as("acme", "eve")
    const foreign = await world.as("other", "ana")
    for (const client of [eve, foreign]) {
      for (const [method, path] of [
        ["GET", `/api/v1/chat/sessions/${stream.sessionId}`],
        ["GET", `/api/v1/chat/runs/${stream.runId}`],
        ["GET", `/api/v1/chat/runs/${stream.runId}/events`],
        ["POST", `/api/v1/chat/runs/${stream.runId}/cancel`],
      ] as const) {
        expect([path, (await client.request(method, path)).status]).toEqual([path, 404])
      }
      expect((await client.send(stream.sessionId, "let me in")).response.status).toBe(404)
      const resumed = await client.start("x", { "last-event-id": `${stream.runId}:1` })
      expect(resumed.response.status).toBe(404)
      expect((await client.json("GET", "/api/v1/chat/sessions")).data.sessions).toEqual([])
    }
  })

  it("X2: allows no message of another tenant or of another user as a parent", async () => {
    const mine = await world.client.start("my secret")
    await mine.rest()
    const [parent] = await world.messages(mine.sessionId)
    for (const [org, user] of [
      ["acme", "eve"],
      ["other", "ana"],
    ] as const) {
      const client = await world.as(org, user)
      const session = await client.start("hello")
      await session.rest()
      const path = `/api/v1/chat/sessions/${session.sessionId}`
      const answer = await client.request("POST", path, { message: "go on", parentMessageId: parent.id })
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { error: { code: "VALIDATION_FAILED", details: [{ path: "payload.parentMessageId" }] } },
      ])
    }
    const asked = (await world.log()).executions.slice(-2).map(({ body }) => JSON.stringify(body))
    expect(asked.join()).not.toContain("my secret")
  })

  it("fault 17: never returns another tenant's answer for an idempotency key", async () => {
    const key = { "idempotency-key": "same-key" }
    const mine = await world.client.start("my secret", key)
    await mine.rest()
    const theirs = await (await world.as("other", "bob")).start("their question", key)
    await theirs.rest()
    expect(theirs.runId).not.toBe(mine.runId)
    expect(Buffer.from(theirs.bytes).toString()).not.toContain("my secret")
  })
})

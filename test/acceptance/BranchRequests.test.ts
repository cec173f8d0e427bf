import { describe, expect, it } from "vitest"
import { Client, eventually, ofType, type Stream, tokenFor } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { at, read, regenerate, type Row } from "./branching.ts"

describe("a chosen mode and the path of a session", () => {
  const world = useWorld({ CHAT_EXECUTION_MODE: "runtime_orchestrator" })

  const started = async (message = "one"): Promise<Stream> => {
    const stream = await world.client.start(message)
    await stream.rest()
    return stream
  }
  const questionOf = async (stream: Stream) => (await read(world.client, stream.sessionId)).messages[0]!

  it("answers in the other mode, for the reason `requested`", async () => {
    const question = await questionOf(await started())
    const stream = await regenerate(world.client, question.id, { mode: "direct_llm" })
    const events = await stream.rest()
    expect(events.at(-1)?.data.executionMode).toBe("direct_llm")
    const { decision } = await world.run(stream.runId)
    expect(decision).toMatchObject({ order: ["direct_llm"], reason: "requested" })
    expect(decision.rules.at(-1)).toEqual({
      rule: "requested",
      result: "the caller chose the mode",
      decided: true,
    })
    const usual = await regenerate(world.client, question.id)
    expect((await usual.rest()).at(-1)?.data.executionMode).toBe("runtime_orchestrator")
  })

  it("needs its permission, and an unknown mode names the field", async () => {
    const question = await questionOf(await started())
    const user = await world.as("acme", "ana", ["chat:read", "chat:write"])
    const denied = await user.request("POST", `${at}/${question.id}/regenerate`, { mode: "direct_llm" })
    expect(denied.status).toBe(403)
    expect(await denied.json()).toMatchObject({
      error: { code: "AUTH_PERMISSION_DENIED", message: "The token lacks: chat:mode." },
    })
    expect((await (await regenerate(user, question.id)).rest()).at(-1)?.event).toBe("done")
    const chooser = await world.as("acme", "ana", ["chat:write", "chat:mode"])
    const chosen = await regenerate(chooser, question.id, { mode: "direct_llm" })
    expect((await chosen.rest()).at(-1)?.event).toBe("done")
    const unknown = await world.client.request("POST", `${at}/${question.id}/regenerate`, { mode: "fast" })
    expect(unknown.status).toBe(400)
    expect(JSON.stringify(await unknown.json())).toContain("payload.mode")
  })

  it("never sends a denied organisation to the runtime", async () => {
    const question = await questionOf(await started())
    const put = (deniedOrgs: ReadonlyArray<string>) =>
      world.operator.json("PUT", "/api/v1/runtime/rollout", { deniedOrgs, reason: "test" })
    await put(["acme"])
    try {
      const { executions } = await world.log()
      const stream = await regenerate(world.client, question.id, { mode: "runtime_orchestrator" })
      expect((await stream.rest()).at(-1)?.data.executionMode).toBe("direct_llm")
      expect((await world.run(stream.runId)).decision.reason).toBe("denied_orgs")
      expect((await world.log()).executions).toHaveLength(executions.length)
    } finally {
      await put([])
    }
  })

  it("is 404 for the messages of other users and organisations, and for a missing one", async () => {
    const question = await questionOf(await started())
    const others = [await tokenFor("acme", "eve"), await tokenFor("other", "ana", ["*", "admin:*"])]
    const clients = others.map((token) => new Client(world.gateway.url, token))
    const missing = "01890000-0000-7000-8000-00000000dead"
    const answers = [
      ...(await Promise.all(
        clients.flatMap((client) => [
          client.request("POST", `${at}/${question.id}/regenerate`, {}),
          client.request("POST", `${at}/${question.id}/edit`, { message: "x" }),
          client.request("GET", `${at}/${question.id}`),
        ]),
      )),
      await world.client.request("POST", `${at}/${missing}/regenerate`, {}),
      await world.client.request("GET", `${at}/${missing}`),
    ]
    const bodies = await Promise.all(answers.map((answer) => answer.text()))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404))
    expect(new Set(bodies).size).toBe(1)
    expect(bodies[0]).toContain("MESSAGE_NOT_FOUND")
    const [other] = clients
    const own = await other!.start("mine")
    await own.rest()
    const leaf = await other!.request("GET", `/api/v1/chat/sessions/${own.sessionId}?leaf=${question.id}`)
    expect(leaf.status).toBe(404)
  })

  it("refuses to edit an answer, an empty text and a long one", async () => {
    const stream = await started()
    const [question, answer] = (await read(world.client, stream.sessionId)).messages
    const tryEdit = async (id: string, message: string) => {
      const response = await world.client.request("POST", `${at}/${id}/edit`, { message })
      return [response.status, JSON.stringify(await response.json())]
    }
    expect(await tryEdit(answer!.id, "x")).toEqual([400, expect.stringContaining("params.messageId")])
    expect(await tryEdit(question!.id, " \u200b")).toEqual([400, expect.stringContaining("payload.message")])
    expect(await tryEdit(question!.id, "x".repeat(100_001))).toEqual([
      400,
      expect.stringContaining("VALIDATION_MESSAGE_TOO_LONG"),
    ])
  })

  it("reads a long path from its end, page by page, each message once", async () => {
    const { sessionId } = await started("0")
    for (let turn = 1; turn < 5; turn++) await (await world.client.send(sessionId, `${turn}`)).rest()
    const whole = (await read(world.client, sessionId, "?leaf=latest")).messages
    const pages: Array<Row> = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const page = await read(
        world.client,
        sessionId,
        `?leaf=latest&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`,
      )
      expect(page.hasMore).toBe(page.nextCursor !== null)
      pages.unshift(...page.messages)
      cursor = page.nextCursor
    }
    expect(pages).toEqual(whole)
    expect(whole).toHaveLength(10)
    const bad = await world.client.request("GET", `/api/v1/chat/sessions/${sessionId}?leaf=newest`)
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining("query.leaf")])
  })

  it("retries a failed turn by the id of its message, with its question once", async () => {
    const stream = await world.client.start(JSON.stringify({ scenario: "cut", after: "tool_call" }))
    expect((await stream.rest()).at(-1)?.event).toBe("error")
    const [question, failure] = (await read(world.client, stream.sessionId)).messages
    await (await regenerate(world.client, failure!.id)).rest()
    const messages = await eventually(async () => (await read(world.client, stream.sessionId)).messages)
    expect(messages.filter(({ role }) => role === "user")).toHaveLength(1)
    expect(messages[0]!.id).toBe(question!.id)
    expect(messages[0]!.runId).not.toBe(question!.runId)
    expect(ofType(stream.frames, "text")).toBeDefined()
  })
})

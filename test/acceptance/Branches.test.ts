import { describe, expect, it } from "vitest"
import { type Client, eventually, ofType, type Stream, textOf, tokenFor } from "../support/chatClient.ts"
import { Client as ClientOf } from "../support/chatClient.ts"
import { hasServices, places, useGateways } from "../support/gateways.ts"
import { useWorld } from "../support/world.ts"

const at = "/api/v1/chat/messages"
const regenerate = (client: Client, id: string, body: object = {}, headers: Record<string, string> = {}) =>
  client.stream("POST", `${at}/${id}/regenerate`, body, headers)
const edit = (client: Client, id: string, message: string) =>
  client.stream("POST", `${at}/${id}/edit`, { message })

interface Row {
  readonly id: string
  readonly role: string
  readonly content: string
  readonly runId: string
  readonly parentMessageId: string | null
  readonly siblings?: ReadonlyArray<string>
}

const read = async (client: Client, sessionId: string, query = "") =>
  (await client.json("GET", `/api/v1/chat/sessions/${sessionId}${query}`)).data as {
    readonly messages: ReadonlyArray<Row>
    readonly nextCursor: string | null
    readonly hasMore: boolean
  }

/** "2 / 3" */
const place = ({ id, siblings = [] }: Row) => `${siblings.indexOf(id) + 1} / ${siblings.length}`

const contentsSent = (body: { readonly messages: ReadonlyArray<{ readonly content: string }> }) =>
  body.messages.map(({ content }) => content).slice(1)

describe.each(places)("branches of a session, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const its = useGateways({}, count)
    const said = async (client: Client, message: string, sessionId?: string) => {
      const stream = await (sessionId === undefined ? client.start(message) : client.send(sessionId, message))
      expect((await stream.rest()).at(-1)?.event).toBe("done")
      return stream
    }
    /** The first replica and, if there is one, another. */
    const pair = () => {
      const [client, other = client] = its.clients as [Client, Client?]
      return [client, other] as const
    }

    it("another answer is a stream of its own and a sibling of the old one", async () => {
      const [client, other] = pair()
      const { runId, sessionId } = await said(client, "one")
      const [question, answer] = (await read(client, sessionId)).messages
      const stream = await regenerate(other, answer!.id)
      const events = await stream.rest()
      expect(events.at(-1)?.event).toBe("done")
      expect(stream.sessionId).toBe(sessionId)
      expect(stream.runId).not.toBe(runId)
      expect(contentsSent(its.model.asked.at(-1)!.body)).toEqual(["one"])
      const all = (await read(client, sessionId)).messages
      expect(all.map(({ role }) => role)).toEqual(["user", "assistant", "assistant"])
      expect(all[0]).toEqual(question)
      const shown = (await read(other, sessionId, "?leaf=latest")).messages
      expect(shown.map((row) => [row.id, place(row)])).toEqual([
        [question!.id, "1 / 1"],
        [events.at(-1)?.data.messageId, "2 / 2"],
      ])
      const older = (await read(other, sessionId, `?leaf=${answer!.id}`)).messages
      expect(older.map((row) => [row.id, place(row)])).toEqual([
        [question!.id, "1 / 1"],
        [answer!.id, "1 / 2"],
      ])
    })

    it("an edit is a sibling of the message, and no later turn sends the old one", async () => {
      const [client, other] = pair()
      const { sessionId } = await said(client, "one")
      await said(client, "secret", sessionId)
      await said(client, "after", sessionId)
      const original = (await read(client, sessionId)).messages[2]!
      const edited = await edit(other, original.id, "two")
      expect((await edited.rest()).at(-1)?.event).toBe("done")
      await said(client, "three", sessionId)
      for (const { body } of its.model.asked.slice(-2)) {
        expect(JSON.stringify(body)).not.toContain("secret")
        expect(JSON.stringify(body)).not.toContain("after")
      }
      const shown = (await read(client, sessionId, "?leaf=latest")).messages
      expect(shown.map(({ content, role }) => (role === "user" ? content : ""))).toEqual([
        "one",
        "",
        "two",
        "",
        "three",
        "",
      ])
      expect(place(shown[2]!)).toBe("2 / 2")
      const { data } = await other.json("GET", `${at}/${original.id}`)
      expect(data).toMatchObject({ content: "secret", siblings: shown[2]!.siblings })
      const back = (await read(other, sessionId, `?leaf=${data.leaf}`)).messages
      expect(back.map(({ content }) => content).filter((content) => /secret|after/.test(content))).toEqual([
        "secret",
        "after",
      ])
    })

    it("one of two replicas that make another answer at once begins, and the other gets 409", async () => {
      const [client, other] = pair()
      const { sessionId } = await said(client, "one")
      const question = (await read(client, sessionId)).messages[0]!
      its.model.answers.push({ kind: "hang", parts: ["word"] })
      const first = await regenerate(client, question.id)
      await first.until((frame) => frame.event === "message")
      const refused = await other.request("POST", `${at}/${question.id}/regenerate`, {})
      expect(refused.status).toBe(409)
      expect(refused.headers.get("retry-after")).toBe("1")
      expect(await refused.json()).toMatchObject({ error: { code: "REQUEST_IN_PROGRESS" } })
      const edited = await other.request("POST", `${at}/${question.id}/edit`, { message: "x" })
      expect(edited.status).toBe(409)
      await client.request("POST", `/api/v1/chat/runs/${first.runId}/cancel`)
      await first.rest()
      expect((await read(client, sessionId)).messages.map(({ role }) => role)).toEqual([
        "user",
        "assistant",
        "assistant",
      ])
    })

    it("a repeated request with its key gets the same answer, and another request with that key is refused", async () => {
      const [client, other] = pair()
      const { sessionId } = await said(client, "one")
      const question = (await read(client, sessionId)).messages[0]!
      const key = { "idempotency-key": `k-${sessionId}` }
      const first = await regenerate(client, question.id, {}, key)
      await first.rest()
      const second = await regenerate(other, question.id, {}, key)
      expect(second.runId).toBe(first.runId)
      expect(second.response.headers.get("idempotent-replayed")).toBe("true")
      expect(textOf(await second.rest())).toBe(textOf(first.frames))
      const reused = await other.request(
        "POST",
        `${at}/${question.id}/regenerate`,
        { mode: "direct_llm" },
        key,
      )
      expect(reused.status).toBe(422)
      expect((await read(client, sessionId)).messages).toHaveLength(3)
    })
  })
})

describe("another answer to a busy session that waits", () => {
  const its = useGateways({ CHAT_ON_BUSY: "queue" }, 1)

  it("follows the answer that is under way", async () => {
    const client = its.clients[0]!
    its.model.answers.push({ kind: "hang", parts: ["word"] })
    const first = await client.start("first")
    await first.until((frame) => frame.event === "message")
    const question = (await read(client, first.sessionId)).messages[0]!
    const waiting = regenerate(client, question.id)
    for (let asked = 0; asked < 20; asked++) await client.json("GET", "/api/v1/chat/sessions")
    await client.request("POST", `/api/v1/chat/runs/${first.runId}/cancel`)
    expect((await (await waiting).rest()).at(-1)?.event).toBe("done")
    expect((await read(client, first.sessionId)).messages).toHaveLength(3)
  })
})

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
    const clients = others.map((token) => new ClientOf(world.gateway.url, token))
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

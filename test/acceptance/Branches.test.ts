import { describe, expect, it } from "vitest"
import { type Client, textOf } from "../support/chatClient.ts"
import { hasServices, places, useGateways } from "../support/gateways.ts"
import { at, read, regenerate, type Row } from "./branching.ts"

const edit = (client: Client, id: string, message: string) =>
  client.stream("POST", `${at}/${id}/edit`, { message })

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

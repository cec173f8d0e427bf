import { describe, expect, it } from "vitest"
import { type Client, eventually, type Stream, textOf } from "../support/chatClient.ts"
import { hasServices, places, useGateways } from "../support/gateways.ts"
import type { Model } from "../support/modelServer.ts"

/** A session whose first message gets an endless answer. */
const busy = async (model: Model, client: Client): Promise<Stream> => {
  model.answers.push({ kind: "hang", parts: ["word"] })
  const first = await client.start("first")
  await first.until((frame) => frame.event === "message")
  return first
}

// oxlint-disable-next-line typescript/no-explicit-any -- rows as the API shows them
const messages = async (client: Client, sessionId: string): Promise<ReadonlyArray<any>> =>
  (await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data.messages
const cancel = (client: Client, runId: string) => client.request("POST", `/api/v1/chat/runs/${runId}/cancel`)

/**
 * Waits until the gateway has certainly received the waiting message: two concurrent requests may overtake each
 * other.
 */
const onItsWay = async (client: Client) => {
  for (let asked = 0; asked < 20; asked++) await client.json("GET", "/api/v1/chat/sessions")
}

describe.each(places)("a message to a busy session that waits, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const its = useGateways({ CHAT_ON_BUSY: "queue" }, count)

    it("is answered after the previous message, with the previous answer in its history", async () => {
      const [client, other = client] = its.clients as [Client, Client?]
      const first = await busy(its.model, client)
      const waiting = other.send(first.sessionId, "second")
      await onItsWay(other)
      expect(its.model.asked.at(-1)?.body.messages.at(-1).content).toBe("first")
      await cancel(client, first.runId)
      const second = await waiting
      expect((await second.rest()).at(-1)?.event).toBe("done")
      const asked = its.model.asked.at(-1)?.body.messages
      expect(asked.slice(-3).map(({ content }: { content: string }) => content)).toEqual([
        "first",
        "word",
        "second",
      ])
      expect((await messages(client, first.sessionId)).map(({ role }) => role)).toEqual([
        "user",
        "assistant",
        "user",
        "assistant",
      ])
    })
  })
})

describe("messages that wait for their session", () => {
  const its = useGateways({ CHAT_ON_BUSY: "queue" }, 1)

  it("are answered in the order of their arrival", async () => {
    const client = its.clients[0]!
    const first = await busy(its.model, client)
    const waiting: Array<Promise<Stream>> = []
    for (const message of ["a", "b", "c", "d"]) {
      waiting.push(client.send(first.sessionId, message))
      await onItsWay(client)
    }
    await cancel(client, first.runId)
    for (const stream of waiting) await (await stream).rest()
    const said = (await messages(client, first.sessionId)).filter(({ role }) => role === "user")
    expect(said.map(({ content }) => content)).toEqual(["first", "a", "b", "c", "d"])
  })

  it("are at most eleven a session, then refused; one whose client leaves frees its place", async () => {
    const client = its.clients[0]!
    const first = await busy(its.model, client)
    const path = `/api/v1/chat/sessions/${first.sessionId}`
    const leaving = new AbortController()
    const post = (signal?: AbortSignal) =>
      fetch(`${client.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${client.token}`, "content-type": "application/json" },
        body: JSON.stringify({ message: "more" }),
        ...(signal === undefined ? {} : { signal }),
      })
    const waiting = Array.from({ length: 11 }, () => post(leaving.signal).catch(() => undefined))
    await eventually(async () => {
      const one = new AbortController()
      const outcome = await Promise.race([
        post(one.signal).catch(() => undefined),
        new Promise<undefined>((done) => setTimeout(() => done(undefined), 100)),
      ])
      one.abort()
      return outcome?.status === 409 && outcome.headers.get("retry-after") === "1"
    })
    leaving.abort()
    await Promise.all(waiting)
    await onItsWay(client)
    const late = client.send(first.sessionId, "late")
    await onItsWay(client)
    await cancel(client, first.runId)
    expect((await (await late).rest()).at(-1)?.event).toBe("done")
    expect((await messages(client, first.sessionId)).filter(({ content }) => content === "more")).toEqual([])
  })
})

describe.each(places)("a message to a busy session that interrupts, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const its = useGateways({ CHAT_ON_BUSY: "interrupt" }, count)

    it("cancels the answer, which keeps the text that was shown, and is answered instead", async () => {
      const [client, other = client] = its.clients as [Client, Client?]
      const first = await busy(its.model, client)
      const second = await other.send(first.sessionId, "second")
      expect((await first.rest()).at(-1)).toMatchObject({
        event: "error",
        data: { code: "EXECUTION_CANCELLED" },
      })
      expect((await second.rest()).at(-1)?.event).toBe("done")
      const kept = await messages(client, first.sessionId)
      expect(kept.map(({ content }) => content)).toEqual(["first", "word", "second", textOf(second.frames)])
    })

    it("does not interrupt itself: the same request under its key gets the same run", async () => {
      const [client, other = client] = its.clients as [Client, Client?]
      const first = await client.start("first")
      await first.rest()
      its.model.answers.push({ kind: "hang", parts: ["word"] })
      const path = `/api/v1/chat/sessions/${first.sessionId}`
      const key = { "idempotency-key": "once" }
      const [one, two] = await Promise.all([
        client.stream("POST", path, { message: "next" }, key),
        other.stream("POST", path, { message: "next" }, key),
      ])
      expect(two.runId).toBe(one.runId)
      await one.until((frame) => frame.event === "message")
      await cancel(client, one.runId)
      expect(textOf(await two.rest())).toBe("word")
    })
  })
})

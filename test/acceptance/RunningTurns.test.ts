/** The limits of streams also apply to running turns, with or without a reader. */
import { describe, expect, it } from "vitest"
import { type Client, defaultAgent, eventually, type Stream } from "../support/chatClient.ts"
import { type Gateways, hasServices, places, useGateways } from "../support/gateways.ts"

const cap = 5
const limited = {
  CHAT_DETACH_GRACE_MS: "600000",
  MAX_STREAMS_PER_USER: String(cap),
  MAX_STREAMS_PER_ORG: "8",
}

/** The code of a refusal, which is no stream. */
const codeOf = async (stream: Stream): Promise<string> => {
  await stream.rest()
  return JSON.parse(Buffer.from(stream.bytes).toString()).error.code
}

/** Posts, reads one event if the turn was accepted, and leaves. */
const startAndLeave = async (client: Client, headers: Record<string, string> = {}): Promise<Stream> => {
  const stream = await client.start("go on", headers)
  if (stream.response.status !== 200) return stream
  await stream.until(({ event }) => event === "message")
  stream.leave()
  return stream
}

const hanging = (its: Gateways, count: number) => {
  its.model.answers.length = 0
  its.model.asked.length = 0
  its.model.answers.push(...Array.from({ length: count }, () => ({ kind: "hang", parts: ["word"] }) as const))
}

/** Starts turns one by one until the cap: a client that has left may still hold its stream for a moment. */
const filled = async (clients: ReadonlyArray<Client>): Promise<ReadonlyArray<Stream>> => {
  const taken: Array<Stream> = []
  while (taken.length < cap) {
    const stream = await startAndLeave(clients[taken.length % clients.length]!)
    if (stream.response.status === 200) taken.push(stream)
    else expect(await codeOf(stream)).toBe("SSE_CONNECTION_LIMIT")
  }
  return taken
}

const cancel = (client: Client, { runId }: Stream) => client.json("POST", `/api/v1/chat/runs/${runId}/cancel`)
const running = (its: Gateways) => its.model.asked.filter(({ closed }) => !closed).length
const hasRoom = async (client: Client) => (await startAndLeave(client)).response.status === 200

describe.each(places)("turns whose client has left, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const its = useGateways(limited, count)

    it("X9: of 60 that are posted one by one, run at most as many as the user may", async () => {
      const clients = await its.as(crypto.randomUUID(), "ana")
      hanging(its, 60)
      const all: Array<Stream> = []
      for (let index = 0; index < 60; index++) all.push(await startAndLeave(clients[index % clients.length]!))
      const taken = all.filter(({ response }) => response.status === 200)
      const refused = all.filter(({ response }) => response.status !== 200)
      expect(taken.length).toBeLessThanOrEqual(cap)
      expect(its.model.asked.length).toBe(taken.length)
      for (const stream of refused) {
        expect(stream.response.status).toBe(429)
        expect(Number(stream.response.headers.get("retry-after"))).toBeGreaterThan(0)
        expect(await codeOf(stream)).toBe("SSE_CONNECTION_LIMIT")
      }
      for (const stream of taken) await cancel(clients[0]!, stream)
    })

    it("run at most as many as the user may, of 60 that are posted at once", async () => {
      const clients = await its.as(crypto.randomUUID(), "ana")
      hanging(its, 60)
      const all = await Promise.all(
        Array.from({ length: 60 }, (_, index) => startAndLeave(clients[index % clients.length]!)),
      )
      const taken = all.filter(({ response }) => response.status === 200)
      expect(taken).toHaveLength(cap)
      expect(its.model.asked).toHaveLength(cap)
      for (const stream of taken) await cancel(clients[0]!, stream)
    })

    it("hold one place of the organisation each", async () => {
      const org = crypto.randomUUID()
      hanging(its, 20)
      const ana = await its.as(org, "ana")
      const bob = await its.as(org, "bob")
      const taken = [...(await filled(ana))]
      for (let index = 0; index < 10; index++) {
        const stream = await startAndLeave(bob[index % bob.length]!)
        if (stream.response.status === 200) taken.push(stream)
      }
      expect(taken.length).toBeLessThanOrEqual(8)
      expect(its.model.asked).toHaveLength(taken.length)
      for (const [index, stream] of taken.entries()) await cancel((index < cap ? ana : bob)[0]!, stream)
    })

    it("leave room for readers that reconnect to all of them", async () => {
      const clients = await its.as(crypto.randomUUID(), "ana")
      hanging(its, cap)
      const taken = await filled(clients)
      const back: Array<Stream> = []
      for (const [index, { runId }] of taken.entries()) {
        await eventually(async () => {
          const stream = await clients[(index + 1) % clients.length]!.events(runId)
          if (stream.response.status !== 200) return false
          back.push(stream)
          return true
        })
      }
      expect(back).toHaveLength(cap)
      for (const stream of back) stream.leave()
      for (const stream of taken) await cancel(clients[0]!, stream)
    })

    it("free their place when they are cancelled, and when they end", async () => {
      const clients = await its.as(crypto.randomUUID(), "ana")
      hanging(its, cap)
      const taken = await filled(clients)
      await eventually(async () => !(await hasRoom(clients[0]!)) && running(its) === cap)
      expect(await cancel(clients.at(-1)!, taken[0]!)).toMatchObject({ data: { cancelled: true } })
      // The next one answers at once and ends: its place is free again, any number of times.
      for (let round = 0; round < 3; round++) await eventually(() => hasRoom(clients[0]!))
      for (const stream of taken) await cancel(clients[0]!, stream)
    })

    it("need no second place for a repeated request under the same key", async () => {
      const clients = await its.as(crypto.randomUUID(), "ana")
      hanging(its, cap)
      const key = { "idempotency-key": crypto.randomUUID() }
      const first = await startAndLeave(clients[0]!, key)
      const taken = [first]
      while (taken.length < cap) {
        const stream = await startAndLeave(clients[0]!)
        if (stream.response.status === 200) taken.push(stream)
      }
      for (const client of clients) {
        const again = await eventually(async () => {
          const stream = await client.start("go on", key)
          return stream.response.status === 200 && stream
        })
        expect(again.runId).toBe(first.runId)
        expect(again.response.headers.get("idempotent-replayed")).toBe("true")
        again.leave()
      }
      expect(its.model.asked).toHaveLength(cap)
      for (const stream of taken) await cancel(clients[0]!, stream)
    })

    it("need one place for two concurrent requests under one key", async () => {
      for (let round = 0; round < 5; round++) {
        const clients = await its.as(crypto.randomUUID(), "ana")
        hanging(its, cap + 1)
        const key = { "idempotency-key": crypto.randomUUID() }
        const both = await Promise.all(
          [clients[0]!, clients.at(-1)!].map((client) => client.start("go on", key)),
        )
        expect(both[1]!.runId).toBe(both[0]!.runId)
        const taken = [both[0]!]
        while (taken.length < cap)
          taken.push(
            await eventually(async () => {
              const stream = await startAndLeave(clients[0]!)
              return stream.response.status === 200 && stream
            }),
          )
        for (const stream of taken) await cancel(clients[0]!, stream)
        for (const stream of both) stream.leave()
      }
    })

    it("keep their places if a turn is refused after its admission", async () => {
      const clients = await its.as(crypto.randomUUID(), "ana")
      const body = { agentId: "00000000-0000-4000-8000-00000000dead", message: "hi" }
      for (let index = 0; index < 3 * cap; index++) {
        const response = await clients[index % clients.length]!.request("POST", "/api/v1/chat/start", body)
        expect([404, 429]).toContain(response.status)
        await response.text()
      }
      hanging(its, cap)
      const taken = await filled(clients)
      for (const stream of taken) await cancel(clients[0]!, stream)
    })
  })
})

describe.each(places)("a message to a busy session, while its user has no free place, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const one = { CHAT_DETACH_GRACE_MS: "600000", MAX_STREAMS_PER_USER: "1" }
    const interrupting = useGateways({ ...one, CHAT_ON_BUSY: "interrupt" }, count)
    const queueing = useGateways({ ...one, CHAT_ON_BUSY: "queue" }, count)

    /** Retries until the stream of the client that left is free. */
    const sent = (client: Client, sessionId: string) =>
      eventually(async () => {
        const stream = await client.send(sessionId, "next")
        return stream.response.status === 200 && stream
      })

    it("takes over the place of the answer that it interrupts", async () => {
      const clients = interrupting.clients
      hanging(interrupting, 1)
      const first = await startAndLeave(clients[0]!)
      const second = await sent(clients.at(-1)!, first.sessionId)
      expect((await second.rest()).at(-1)?.event).toBe("done")
    })

    it("takes over the place of the previous answer when that ends", async () => {
      const clients = queueing.clients
      hanging(queueing, 1)
      const first = await startAndLeave(clients[0]!)
      const waiting = sent(clients.at(-1)!, first.sessionId)
      // Another session of the user has no place meanwhile.
      const other = await clients[0]!.request("POST", "/api/v1/chat/start", {
        agentId: defaultAgent,
        message: "hi",
      })
      expect(other.status).toBe(429)
      await cancel(clients[0]!, first)
      expect((await (await waiting).rest()).at(-1)?.event).toBe("done")
    })
  })
})

describe.each(places)("messages that wait for their session, %s", (_, count) => {
  describe.skipIf(count === 2 && !hasServices)("with its services", () => {
    const its = useGateways(
      { CHAT_DETACH_GRACE_MS: "600000", MAX_STREAMS_PER_USER: "3", CHAT_ON_BUSY: "queue" },
      count,
    )

    it("hold no place of a running turn", async () => {
      const [client, other = client] = its.clients as [Client, Client?]
      hanging(its, 2)
      const first = await startAndLeave(client)
      const unread = await startAndLeave(client)
      const waiting = [other.send(first.sessionId, "second"), other.send(first.sessionId, "third")]
      // Often enough that both have certainly arrived.
      for (let round = 0; round < 10; round++) {
        const elsewhere = await eventually(async () => {
          const stream = await client.start("in another session")
          return stream.response.status === 200 && stream
        })
        expect((await elsewhere.rest()).at(-1)?.event).toBe("done")
      }
      await cancel(client, first)
      await cancel(client, unread)
      for (const stream of await Promise.all(waiting))
        expect((await stream.rest()).at(-1)?.event).toBe("done")
    })
  })
})

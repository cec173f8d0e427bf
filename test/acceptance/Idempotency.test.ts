import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { PublicError } from "../../src/protocol/PublicError.ts"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, defaultAgent, type Frame, textOf, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"
import { useWorld } from "../support/world.ts"

const keyed = (key: string) => ({ "idempotency-key": key })
const said = (frames: ReadonlyArray<Frame>) => frames.filter(({ event }) => event !== "heartbeat")
const isReplayed = ({ response }: { readonly response: Response }) =>
  response.headers.get("idempotent-replayed") === "true"
const times = <A>(count: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, index) => make(index))

const world = useWorld({ CHAT_EXECUTION_MODE: "direct_llm" })

const errorOf = async (response: Response): Promise<PublicError> =>
  ((await response.json()) as { readonly error: PublicError }).error

/** For an answer that is no stream. */
const start = (message: string, headers: Record<string, string>) =>
  world.client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message }, headers)

describe("a request under an Idempotency-Key", () => {
  it("D4: 100 concurrent duplicates start one run, and all get its events", async () => {
    const streams = await Promise.all(times(100, () => world.client.start("hello", keyed("a-hundred"))))
    const answers = await Promise.all(streams.map(async (stream) => said(await stream.rest())))
    expect(new Set(streams.map(({ runId }) => runId)).size).toBe(1)
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]?.at(-1)?.event).toBe("done")
    expect(streams.filter(isReplayed)).toHaveLength(99)
    expect(world.model.asked).toHaveLength(1)
    expect(await world.messages(streams[0]!.sessionId)).toHaveLength(2)
  })

  it("D4: of 50 messages to one session one is accepted, and no duplicate is refused as busy", async () => {
    const first = await world.client.start("hello")
    await first.rest()
    const send = () =>
      world.client.stream(
        "POST",
        `/api/v1/chat/sessions/${first.sessionId}`,
        { message: "and now?" },
        keyed("fifty"),
      )
    const streams = await Promise.all(times(50, send))
    await Promise.all(streams.map((stream) => stream.rest()))
    expect(new Set(streams.map(({ response }) => response.status))).toEqual(new Set([200]))
    expect(new Set(streams.map(({ runId }) => runId)).size).toBe(1)
    expect(await world.messages(first.sessionId)).toHaveLength(4)
  })

  it("D4: is refused with another body, or with another session on the same route", async () => {
    const first = await world.client.start("hello", keyed("reused"))
    await first.rest()
    const other = await start("something else", keyed("reused"))
    expect(other.status).toBe(422)
    expect((await errorOf(other)).code).toBe("IDEMPOTENCY_KEY_REUSED")
    const path = (id: string) => `/api/v1/chat/sessions/${id}`
    const second = await world.client.start("hello")
    await second.rest()
    const body = { message: "more" }
    // The other route has keys of its own.
    const sent = await world.client.stream("POST", path(first.sessionId), body, keyed("reused"))
    expect(said(await sent.rest()).at(-1)?.event).toBe("done")
    const elsewhere = await world.client.request("POST", path(second.sessionId), body, keyed("reused"))
    expect(elsewhere.status).toBe(422)
    const anew = { ...body, parentMessageId: null }
    expect((await world.client.request("POST", path(first.sessionId), anew, keyed("reused"))).status).toBe(
      422,
    )
  })

  it("D4: gets the stored answer after the end, with the headers of the first, also after a restart", async () => {
    const first = await world.client.start("hello", keyed("again"))
    const frames = said(await first.rest())
    expect(isReplayed(first)).toBe(false)
    await world.restart()
    const again = await world.client.start("hello", keyed("again"))
    expect(said(await again.rest())).toEqual(frames)
    expect([again.runId, again.sessionId, isReplayed(again)]).toEqual([first.runId, first.sessionId, true])
  })

  it("D4: gets the same error again if its run ended with one", async () => {
    for (let tries = 0; tries < 4; tries++) world.model.answers.push({ kind: "status", status: 500 })
    const first = await world.client.start("hello", keyed("an error"))
    const frames = said(await first.rest())
    expect(frames.at(-1)?.event).toBe("error")
    world.model.answers.length = 0
    expect(said(await (await world.client.start("hello", keyed("an error"))).rest())).toEqual(frames)
  })

  it("may be sent again if it was refused before anything was stored", async () => {
    const path = "/api/v1/chat/start"
    const nobody = { agentId: "00000000-0000-4000-8000-00000000dead", message: "hello" }
    expect((await world.client.request("POST", path, nobody, keyed("retry"))).status).toBe(404)
    const corrected = await world.client.start("hello", keyed("retry"))
    expect(said(await corrected.rest()).at(-1)?.event).toBe("done")
  })

  it.each([
    ["256 characters", "k".repeat(256)],
    ["none", ""],
    ["one that is no ASCII", "clé"],
  ])("D4: is refused by the key's name if the key is %s", async (_, key) => {
    const answer = await start("hello", keyed(key))
    expect(answer.status).toBe(400)
    const error = await errorOf(answer)
    expect(error.details).toEqual([
      { path: "headers.idempotency-key", message: "Expected 1 to 255 printable ASCII characters" },
    ])
  })

  it("X2: is independent of the same key of another user and of another organisation", async () => {
    const key = keyed("k".repeat(255))
    const clients = [world.client, await world.as("acme", "bob"), await world.as("other", "ana")]
    const streams = await Promise.all(clients.map((client) => client.start("hello", key)))
    for (const stream of streams) await stream.rest()
    expect(new Set(streams.map(({ runId }) => runId)).size).toBe(3)
    expect(streams.filter(isReplayed)).toEqual([])
  })

  it("with a cursor gets the rest of the cursor's run, for any key", async () => {
    const first = await world.client.start("hello", keyed("both"))
    const frames = said(await first.rest())
    const headers = { ...keyed("both"), "last-event-id": `${first.runId}:1` }
    const rest = await world.client.start("something else", headers)
    expect(said(await rest.rest())).toEqual(frames.slice(1))
    expect(isReplayed(rest)).toBe(false)
  })

  it("needs no other permission than the first time", async () => {
    const writer = await world.as("acme", "walt", ["chat:write", "sessions:write"])
    const first = await writer.start("hello", keyed("write only"))
    const frames = said(await first.rest())
    expect(said(await (await writer.start("hello", keyed("write only"))).rest())).toEqual(frames)
  })
})

const services = inject("postgresUrl") === undefined || inject("redisUrl") === undefined

describe.skipIf(services)("two gateways on one PostgreSQL and Redis", () => {
  const folder = temporaryFolder()
  let model: Model
  let redis: RedisServer
  let gateways: ReadonlyArray<Running>
  let clients: ReadonlyArray<Client>
  beforeAll(async () => {
    model = await startModel()
    redis = await startRedis()
    const env = {
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!))),
      REDIS_URL: redis.url,
      CHAT_EXECUTION_MODE: "direct_llm",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", model.url),
    }
    gateways = await Promise.all([startGateway(env), startGateway(env)])
    const token = await tokenFor()
    clients = gateways.map(({ url }) => new Client(url, token))
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
    await model.stop()
    await redis.stop()
    folder.dispose()
  })

  it("D4: 100 duplicates over both start one run, and all get its events", async () => {
    for (const round of times(3, (index) => `round ${index}`)) {
      model.asked.length = 0
      const streams = await Promise.all(times(100, (index) => clients[index % 2]!.start("hi", keyed(round))))
      const answers = await Promise.all(streams.map(async (stream) => said(await stream.rest())))
      expect(new Set(streams.map(({ runId }) => runId)).size).toBe(1)
      for (const answer of answers) expect(answer).toEqual(answers[0])
      expect(answers[0]?.at(-1)?.event).toBe("done")
      expect(model.asked).toHaveLength(1)
    }
  })

  it("D4: of duplicates to one session over both one is accepted, and no duplicate is refused as busy", async () => {
    const first = await clients[0]!.start("hi")
    await first.rest()
    const path = `/api/v1/chat/sessions/${first.sessionId}`
    for (const round of times(5, (index) => `message ${index}`)) {
      const streams = await Promise.all(
        times(20, (index) => clients[index % 2]!.stream("POST", path, { message: round }, keyed(round))),
      )
      await Promise.all(streams.map((stream) => stream.rest()))
      expect(streams.filter(({ response }) => response.status !== 200)).toEqual([])
      expect(new Set(streams.map(({ runId }) => runId)).size).toBe(1)
    }
  })

  it("D4: one gateway replays a live run of the other from its first event", async () => {
    model.answers.push({ kind: "hang", parts: ["one", "two"] })
    const first = await clients[0]!.start("hi", keyed("live"))
    await first.until((frame) => frame.seq === 1)
    const other = await clients[1]!.start("hi", keyed("live"))
    expect([other.runId, isReplayed(other)]).toEqual([first.runId, true])
    expect((await other.until((frame) => frame.event === "message")).seq).toBe(1)
    await clients[1]!.request("POST", `/api/v1/chat/runs/${first.runId}/cancel`)
    expect(said(await other.rest())).toEqual(said(await first.rest()))
    expect(textOf(other.frames)).toContain("one")
  })
})

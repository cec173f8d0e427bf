import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, defaultAgent, eventually, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"

const times = <A>(count: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, index) => make(index))

const post = (client: Client, message = "hi", headers: Record<string, string> = {}) =>
  client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message }, headers)
const read = (client: Client, runId: string) => client.request("GET", `/api/v1/chat/runs/${runId}/events`)

const services = inject("postgresUrl") === undefined || inject("redisUrl") === undefined

describe.skipIf(services)("two gateways on one PostgreSQL and Redis", () => {
  const folder = temporaryFolder()
  let model: Model
  let redis: RedisServer
  let env: Record<string, string>
  let gateways: Array<Running>
  const as = async (org: string, user: string) => {
    const token = await tokenFor(org, user)
    return gateways.map(({ url }) => new Client(url, token))
  }
  beforeAll(async () => {
    model = await startModel()
    redis = await startRedis()
    env = {
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!))),
      REDIS_URL: redis.url,
      CHAT_EXECUTION_MODE: "direct_llm",
      CHAT_DETACH_GRACE_MS: "600000",
      RATE_LIMIT_USER_PER_MIN: "20",
      MAX_STREAMS_PER_USER: "5",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", model.url),
    }
    gateways = await Promise.all([startGateway(env), startGateway(env)])
    // They start without waiting for Redis; from here on both count there.
    await eventually(async () => {
      const left = []
      for (const client of await as(crypto.randomUUID(), "nobody")) {
        left.push((await post(client)).headers.get("x-ratelimit-remaining"))
      }
      return left.join() === "19,18"
    })
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
    await model.stop()
    await redis.stop()
    folder.dispose()
  })

  it("X9: count a user's turns in one common rate", async () => {
    const clients = await as(crypto.randomUUID(), "ana")
    let begun = 0
    const started = Date.now()
    for (let index = 0; index < 60; index++) {
      const answer = await post(clients[index % 2]!)
      await answer.text()
      expect([200, 429]).toContain(answer.status)
      if (answer.status === 200) begun += 1
    }
    expect(begun).toBeGreaterThanOrEqual(20)
    expect(begun).toBeLessThanOrEqual(20 + Math.ceil((21 * (Date.now() - started)) / 60_000))
  })

  it("L6: share a user's five streams, and free the streams and runs of a killed gateway within 30 s", async () => {
    const clients = await as(crypto.randomUUID(), "ana")
    model.answers.push({ kind: "hang", parts: ["word"] })
    const first = await clients[0]!.start("hang")
    await first.until((frame) => frame.event === "message")
    const more = [
      ...(await Promise.all(times(2, () => clients[0]!.events(first.runId)))),
      ...(await Promise.all(times(2, () => clients[1]!.events(first.runId)))),
    ]
    expect(more.map(({ response }) => response.status)).toEqual([200, 200, 200, 200])
    for (const client of clients) expect((await read(client, first.runId)).status).toBe(429)
    more[3]!.leave()
    await eventually(async () => {
      const again = await clients[0]!.events(first.runId)
      if (again.response.status === 200) more.push(again)
      return again.response.status === 200
    })
    const bobs = await as(crypto.randomUUID(), "bob")
    model.answers.push(...times(5, () => ({ kind: "hang", parts: ["word"] }) as const))
    const started = await Promise.all(times(5, () => bobs[0]!.start("hang")))
    expect(started.map(({ response }) => response.status)).toEqual([200, 200, 200, 200, 200])
    expect((await post(bobs[1]!)).status).toBe(429)
    await gateways[0]!.stop("SIGKILL")
    const refused = await clients[1]!.request("POST", "/api/v1/chat/start", {
      agentId: defaultAgent,
      message: "",
    })
    expect(refused.status).toBe(400)
    await eventually(async () => {
      const answer = await post(clients[1]!)
      await answer.text()
      return answer.status === 200
    }, 45)
    await eventually(async () => {
      const answer = await post(bobs[1]!)
      await answer.text()
      return answer.status === 200
    }, 30)
  }, 120_000)
})

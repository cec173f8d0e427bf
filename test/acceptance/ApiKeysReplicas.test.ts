import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, defaultAgent } from "../support/chatClient.ts"
import { as, createKey, keysPath, outcome } from "../support/keyClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"

const sessions = "/api/v1/chat/sessions"
const start = "/api/v1/chat/start"
const question = { agentId: defaultAgent, message: "Hello" }

describe.skipIf(inject("postgresUrl") === undefined || inject("redisUrl") === undefined).each([
  ["with Redis", true],
  ["without Redis", false],
])("two gateways on one PostgreSQL %s", (_, withRedis) => {
  const folder = temporaryFolder()
  let redis: RedisServer | undefined
  let model: Model
  let gateways: ReadonlyArray<Running>
  beforeAll(async () => {
    redis = withRedis ? await startRedis() : undefined
    model = await startModel()
    const env = {
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!))),
      CHAT_EXECUTION_MODE: "direct_llm",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", model.url),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    }
    gateways = await Promise.all([startGateway(env), startGateway(env)])
  }, 60_000)
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
    await model.stop()
    await redis?.stop()
    folder.dispose()
  })

  const pair = async () => {
    const [one, other] = gateways
    const ana = await as(one!.url, crypto.randomUUID(), "ana")
    const made = await createKey(ana)
    return { ana, made, here: made.client, there: new Client(other!.url, made.key) }
  }

  it("one gateway accepts a key that the other has just created", async () => {
    const { there } = await pair()
    expect(await outcome(there.request("POST", start, question))).toBe("200 ")
  })

  it("one gateway refuses a key in use within a second after the other revokes it", async () => {
    for (let round = 0; round < 4; round++) {
      const { ana, here, made, there } = await pair()
      // Uses the key at both, until after the revocation.
      let revokedAt = Number.POSITIVE_INFINITY
      let latest = 0
      const using = async () => {
        for (;;) {
          const began = performance.now()
          if ((await outcome(there.request("GET", sessions))) !== "200 ") return
          latest = Math.max(latest, began)
        }
      }
      const user = using()
      expect(await outcome(here.request("GET", sessions))).toBe("200 ")
      await new Promise((done) => setTimeout(done, 300 + 170 * round))
      expect(await outcome(ana.request("DELETE", `${keysPath}/${made.id}`))).toBe("200 ")
      revokedAt = performance.now()
      expect(await outcome(here.request("GET", sessions))).toBe("401 AUTH_KEY_REVOKED")
      await user
      // The last admitted request began less than a second after the revocation.
      expect(latest - revokedAt).toBeLessThan(1000)
      expect(await outcome(there.request("GET", sessions))).toBe("401 AUTH_KEY_REVOKED")
      expect(await outcome(there.request("POST", start, question))).toBe("401 AUTH_KEY_REVOKED")
    }
  }, 30_000)

  it("a stream ends when its key expires or the other gateway revokes it, and its run continues", async () => {
    const { ana, made, there } = await pair()
    const short = await createKey(ana, { expiresAt: Date.now() + 2500 })
    model.answers.push({ kind: "hang", parts: ["word"] }, { kind: "hang", parts: ["word"] })
    const streams = [await there.start("Hello"), await short.client.start("Hello")]
    expect(await outcome(ana.request("DELETE", `${keysPath}/${made.id}`))).toBe("200 ")
    for (const stream of streams) {
      const end = await stream.until(({ event }) => event === "error")
      expect(end.data).toMatchObject({ code: "AUTH_TOKEN_EXPIRED", recoverable: true })
      expect(await stream.next()).toBeUndefined()
      expect((await ana.json("GET", `/api/v1/chat/runs/${stream.runId}`)).data.status).toBe("running")
    }
  }, 20_000)

  it("both gateways answer 404 for another organisation's key", async () => {
    const { made } = await pair()
    for (const { url } of gateways) {
      const eve = await as(url, crypto.randomUUID(), "ana")
      expect(await outcome(eve.request("DELETE", `${keysPath}/${made.id}`))).toBe("404 KEY_NOT_FOUND")
      expect((await eve.json("GET", keysPath)).data.keys).toEqual([])
    }
  })

  // Without Redis each replica counts separately.
  if (!withRedis) return
  it("both gateways count a key's turns in one common rate", async () => {
    const ana = await as(gateways[0]!.url, crypto.randomUUID(), "ana")
    const made = await createKey(ana, { ratePerMinute: 3 })
    const there = new Client(gateways[1]!.url, made.key)
    const answers: Array<string> = []
    for (let turn = 0; turn < 6; turn++)
      answers.push(await outcome((turn % 2 === 0 ? made.client : there).request("POST", start, question)))
    expect(answers.filter((answer) => answer === "200 ")).toHaveLength(3)
    expect(new Set(answers)).toEqual(new Set(["200 ", "429 RATE_LIMIT_KEY"]))
  })
})

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, operatorToken, textOf } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"

const hasRedis = inject("redisUrl") !== undefined
const folders = [temporaryFolder(), temporaryFolder()]
let model: Model
let redis: RedisServer | undefined
let gateways: ReadonlyArray<Running>

beforeAll(async () => {
  model = await startModel()
  redis = hasRedis ? await startRedis() : undefined
  gateways = await Promise.all(
    folders.map(({ path }) =>
      startGateway({
        DATA_DIR: path,
        CHAT_EXECUTION_MODE: "direct_llm",
        DIRECT_LLM_PROVIDERS: "a",
        ...providerEnv("a", model.url),
        DIRECT_CACHE_ORGS: "acme,globex",
        ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
      }),
    ),
  )
})
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
  await model.stop()
  await redis?.stop()
  for (const folder of folders) folder.dispose()
})

const ask = async (gateway: number, org: string, message: string, user = "ana") => {
  const client = new Client(gateways[gateway]!.url, await operatorToken(["*", "operator:read"], org, user))
  const stream = await client.start(message)
  const frames = await stream.rest()
  const { data: run } = await client.json("GET", `/api/v1/chat/runs/${stream.runId}`)
  const { data: session } = await client.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)
  const { data: metrics } = await client.json("GET", "/api/v1/runtime/metrics")
  const asked = model.asked.length
  return { text: textOf(frames), done: frames.at(-1), run, messages: session.messages, metrics, asked }
}

describe("cached answers of direct mode", () => {
  it("are served to another user of the organisation, as a turn that is marked as cached", async () => {
    const question = "what is chess?"
    const first = await ask(0, "acme", question)
    const again = await ask(0, "acme", question, "bob")
    expect(again.asked).toBe(first.asked)
    expect(again.text).toBe(first.text)
    expect(first.done?.data.usage).toMatchObject({ tokens: 42 })
    expect(again.done).toMatchObject({
      event: "done",
      data: { executionMode: "direct_llm", usage: { tokens: 0, cached: true } },
    })
    expect(again.run).toMatchObject({ status: "completed", usage: { tokens: 0, cached: true } })
    expect(again.run.attempts).toMatchObject([{ outcome: "success", usage: { tokens: 0, cached: true } }])
    expect(again.messages.map(({ content }: { content: string }) => content)).toEqual([question, first.text])
    // A cached answer says nothing about the provider's health.
    expect(again.metrics.direct.total).toBe(first.metrics.direct.total)
  })

  it("are never served to other organisations, and only if the client opted in", async () => {
    const question = "what is go?"
    const own = await ask(0, "acme", question)
    const other = await ask(0, "globex", question)
    expect(other.asked).toBe(own.asked + 1)
    const unwilling = await ask(0, "initech", question)
    const unwillingAgain = await ask(0, "initech", question)
    expect(unwilling.asked).toBe(other.asked + 1)
    expect(unwillingAgain.asked).toBe(unwilling.asked + 1)
    expect(unwillingAgain.done?.data.usage.cached).toBeUndefined()
  })

  it.skipIf(!hasRedis)("are also served by another replica, through Redis", async () => {
    const question = "what is shogi?"
    const first = await ask(0, "acme", question)
    const elsewhere = await ask(1, "acme", question)
    expect(elsewhere.asked).toBe(first.asked)
    expect(elsewhere.done?.data.usage).toMatchObject({ tokens: 0, cached: true })
  })
})

/** One gateway with SQLite, or two on one PostgreSQL and Redis, with a model whose answers the test prepares. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, inject } from "vitest"
import { Client, eventually, tokenFor } from "./chatClient.ts"
import { type Model, providerEnv, startModel } from "./modelServer.ts"
import { freshDatabase } from "./postgres.ts"
import { type Running, startGateway, temporaryFolder } from "./processes.ts"
import { type RedisServer, startRedis } from "./redis.ts"

export const hasServices = inject("postgresUrl") !== undefined && inject("redisUrl") !== undefined

/** For `describe.each`. */
export const places = [
  ["at one gateway", 1],
  ["at another gateway", 2],
] as const

export class Gateways {
  model!: Model
  /** The `DATA_DIR` of all gateways. */
  readonly folder = temporaryFolder()
  /** Undefined at one gateway. */
  redis: RedisServer | undefined
  databaseUrl: string | undefined
  gateways: Array<Running> = []
  /** The default user's client of each gateway. */
  clients: Array<Client> = []
  /** Ends a gateway and starts it again with the same data. */
  restart!: (index: number, signal: NodeJS.Signals) => Promise<void>

  async as(org: string, user: string): Promise<ReadonlyArray<Client>> {
    const token = await tokenFor(org, user)
    return this.gateways.map(({ url }) => new Client(url, token))
  }
}

export const useGateways = (own: Readonly<Record<string, string>>, count: 1 | 2): Gateways => {
  const its = new Gateways()
  beforeAll(async () => {
    its.model = await startModel()
    const shared = async () => {
      its.redis = await startRedis()
      its.databaseUrl = Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!)))
      return { DATABASE_URL: its.databaseUrl, REDIS_URL: its.redis.url }
    }
    const env = {
      DATA_DIR: its.folder.path,
      CHAT_EXECUTION_MODE: "direct_llm",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", its.model.url),
      ...(count === 2 ? await shared() : {}),
      ...own,
    }
    its.gateways = await Promise.all(Array.from({ length: count }, () => startGateway(env)))
    its.clients = [...(await its.as("acme", "ana"))]
    its.restart = async (index, signal) => {
      await its.gateways[index]!.stop(signal)
      its.gateways[index] = await startGateway(env)
      its.clients = [...(await its.as("acme", "ana"))]
    }
    if (count === 2) await connected(its.gateways)
  })
  afterAll(async () => {
    await Promise.all(its.gateways.map((gateway) => gateway.stop("SIGKILL")))
    await its.model?.stop()
    await its.redis?.stop()
    its.folder.dispose()
  })
  return its
}

/** Gateways start without waiting for Redis. */
const connected = (gateways: ReadonlyArray<Running>) =>
  Promise.all(
    gateways.map(({ url }) =>
      eventually(async () =>
        /^crossfade_redis_up(\{.*\})? 1$/m.test(await (await fetch(`${url}/metrics`)).text()),
      ),
    ),
  )

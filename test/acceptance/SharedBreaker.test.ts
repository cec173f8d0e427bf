import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, eventually, type Frame, operatorToken } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"
import { type Receiver, startReceiver, webhookEnv } from "../support/webhookReceiver.ts"

const haveServers = inject("postgresUrl") !== undefined && inject("redisUrl") !== undefined
const runtimePath = "/api/v1/runtime"

/** Gateways on one PostgreSQL and one Redis, a runtime that can be broken, and direct mode that always answers. */
class Fleet {
  private readonly folder = temporaryFolder()
  private model!: Model
  runtime!: Running
  redis!: RedisServer
  receiver!: Receiver
  private env!: Readonly<Record<string, string>>
  readonly gateways: Array<Running> = []

  async start(): Promise<void> {
    this.model = await startModel()
    this.runtime = await startPython({ pingMs: 50 })
    this.redis = await startRedis()
    this.receiver = await startReceiver("json")
    this.env = {
      DATA_DIR: this.folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!))),
      REDIS_URL: this.redis.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: this.runtime.url,
      CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "4",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", this.model.url),
      NOTIFY_WEBHOOKS: "oncall",
      ...webhookEnv("oncall", "json", this.receiver.url),
    }
    // One after the other: the first is the one that probes.
    await this.add()
    await this.add()
  }

  async add(): Promise<Running> {
    const gateway = await startGateway(this.env)
    this.gateways.push(gateway)
    return gateway
  }

  async stop(): Promise<void> {
    await Promise.all([...this.gateways, this.runtime].map((process) => process.stop("SIGKILL")))
    await this.redis.stop()
    await this.receiver.stop()
    await this.model.stop()
    this.folder.dispose()
  }

  async as(place: number, org = "ops", user = "olga"): Promise<Client> {
    return new Client(this.gateways[place]!.url, await operatorToken(["*", "operator:*"], org, user))
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as the API shows it
  async get(place: number, what: string): Promise<any> {
    return (await (await this.as(place)).json("GET", `${runtimePath}/${what}`)).data
  }

  async stateOf(place: number): Promise<string> {
    return (await this.get(place, "fallback/status")).state
  }

  async order(place: number, mode: string, orgId?: string, expiresAt?: number) {
    const client = await this.as(place)
    return client.request("POST", `${runtimePath}/fallback/force`, {
      mode,
      reason: "drill",
      orgId,
      expiresAt,
    })
  }

  async chat(place: number, turn: number): Promise<ReadonlyArray<Frame>> {
    const client = await this.as(place, `org-${turn % 5}`, `user-${turn}`)
    return (await client.start("hello")).rest()
  }

  /** The number of openings of the global breaker in a replica's live view. */
  async shows(place: number): Promise<number> {
    const response = await (await this.as(place)).request("GET", `${runtimePath}/live`)
    let text = ""
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      if (/^event: snapshot\ndata: .*\n\n/m.test(text)) break
    }
    return text.match(/"kind":"breaker.opened","severity":"action"/g)?.length ?? 0
  }

  async breakRuntime(): Promise<void> {
    await this.runtime.stop("SIGKILL")
    for (let turn = 0; turn < 200 && (await this.stateOf(0)) !== "open"; turn++) await this.chat(0, turn)
  }

  async mendRuntime(): Promise<void> {
    this.runtime = await startPython({ pingMs: 50, port: Number(new URL(this.runtime.url).port) })
  }
}

describe.skipIf(!haveServers)("the breaker of two gateways", { timeout: 90_000 }, () => {
  const fleet = new Fleet()
  beforeAll(() => fleet.start(), 60_000)
  afterAll(() => fleet.stop())

  it("counts the turns of both in one sum", async () => {
    await Promise.all([0, 1, 0, 1, 0].map((place, turn) => fleet.chat(place, turn)))
    for (const place of [0, 1]) {
      await eventually(async () => (await fleet.get(place, "metrics")).runtime.success === 5)
      expect((await fleet.get(place, "metrics/org-1")).runtime.success).toBe(1)
    }
  })

  it("shares an operator override, and the next operator's command at the other replaces it", async () => {
    expect((await fleet.order(0, "direct_llm")).status).toBe(200)
    await eventually(async () => (await fleet.stateOf(1)) === "forced_direct")
    expect((await fleet.chat(1, 1)).at(-1)?.data.executionMode).toBe("direct_llm")
    expect((await fleet.order(1, "none")).status).toBe(200)
    expect((await fleet.order(0, "runtime_orchestrator")).status).toBe(200)
    expect((await fleet.order(1, "none")).status).toBe(200)
    await eventually(async () => (await fleet.stateOf(0)) === "closed")
    expect(await fleet.stateOf(1)).toBe("closed")
    await eventually(async () => fleet.receiver.received.length >= 4)
    expect(fleet.receiver.notifications().map(({ kind }) => kind)).toEqual([
      "override.set",
      "override.ended",
      "override.set",
      "override.ended",
    ])
  })

  it("announces once that the override of an organisation has expired, which both notice", async () => {
    const before = fleet.receiver.received.length
    expect((await fleet.order(1, "direct_llm", "org-3", Date.now() + 2000)).status).toBe(200)
    const orgs = (place: number) => fleet.get(place, "fallback/status").then(({ orgs }) => orgs.length)
    await eventually(async () => (await orgs(0)) === 1)
    for (const place of [0, 1]) await eventually(async () => (await orgs(place)) === 0)
    // The next override is delivered after each message about the last one.
    expect((await fleet.order(0, "direct_llm", "org-4")).status).toBe(200)
    expect((await fleet.order(1, "none", "org-4")).status).toBe(200)
    await eventually(async () => fleet.receiver.received.length >= before + 4)
    const news = fleet.receiver.notifications().slice(before)
    expect(news.map(({ kind, orgId }) => `${orgId} ${kind}`).toSorted()).toEqual([
      "org-3 override.expired",
      "org-3 override.set",
      "org-4 override.ended",
      "org-4 override.set",
    ])
    for (const place of [0, 1]) await eventually(async () => (await orgs(place)) === 0)
  })

  it("E2: while Redis hangs no chat fails, and later every gateway knows the events of that time", async () => {
    const before = (await fleet.get(0, "metrics")).runtime.total
    process.kill(fleet.redis.pid, "SIGSTOP")
    let ended: ReadonlyArray<ReadonlyArray<Frame>>
    try {
      ended = await Promise.all(Array.from({ length: 60 }, (_, turn) => fleet.chat(turn % 2, turn)))
    } finally {
      process.kill(fleet.redis.pid, "SIGCONT")
    }
    expect(ended.filter((frames) => frames.at(-1)?.event !== "done")).toEqual([])
    for (const place of [0, 1]) {
      await eventually(async () => (await fleet.get(place, "metrics")).runtime.total === before + 60)
    }
  })

  it("opens at both for one gateway's failures, and the history has it once", async () => {
    await fleet.breakRuntime()
    await eventually(async () => (await fleet.stateOf(1)) === "open")
    const history: ReadonlyArray<{ orgId: string | null; to: string }> = await fleet.get(
      1,
      "fallback/history",
    )
    expect(history.filter(({ orgId, to }) => orgId === null && to === "open")).toHaveLength(1)
    const opened = () =>
      fleet.receiver.notifications().filter(({ kind, orgId }) => kind === "breaker.opened" && orgId === null)
    await eventually(async () => opened().length > 0)
    // Both replicas have applied the transition, so a second message would be under way.
    await eventually(async () => (await fleet.shows(0)) === 1 && (await fleet.shows(1)) === 1)
    expect(opened()).toHaveLength(1)
    expect(opened()[0]!.text).not.toContain("without Redis")
  })

  it("D7: closes nothing if Redis loses its data, also not in a replica that starts then", async () => {
    await fleet.redis.stop()
    expect(await fleet.stateOf(0)).toBe("open")
    fleet.redis = await startRedis(fleet.redis.port)
    await fleet.add()
    await eventually(async () => (await fleet.stateOf(2)) === "open")
    expect([await fleet.stateOf(0), await fleet.stateOf(1)]).toEqual(["open", "open"])
  })

  it("is closed by another replica if the probing replica is killed", async () => {
    await fleet.gateways[0]!.stop("SIGKILL")
    await fleet.mendRuntime()
    await eventually(async () => (await fleet.stateOf(1)) === "ramp", 40)
    await eventually(async () => (await fleet.stateOf(2)) === "ramp")
  })
})

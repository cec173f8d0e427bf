/** One service with several workers on a PostgreSQL database and a Redis of its own, with the Python runtime. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { readFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { afterAll, beforeAll, inject } from "vitest"
import { eventually } from "./chatClient.ts"
import { freshDatabase } from "./postgres.ts"
import { gatewayEnv, type Running, start, startPython, temporaryFolder } from "./processes.ts"
import { parse, type Sample } from "./prometheusText.ts"
import { startRedis } from "./redis.ts"

export const hasServices = inject("postgresUrl") !== undefined && inject("redisUrl") !== undefined

/** The processes that this one started, in the order of their starts. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter((text) => text !== "")
    .map(Number)

export const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** On a connection of its own, so that the service may choose any worker. */
export const getAlone = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent: new Agent({ keepAlive: false }) }, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => resolve(text))
      response.on("error", reject)
    })
    sent.on("error", reject)
    sent.end()
  })

export const metricsOf = async (url: string): Promise<ReadonlyArray<Sample>> =>
  parse(await getAlone(`${url}/metrics`))

export const sumOf = (samples: ReadonlyArray<Sample>, name: string): number =>
  samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0)

/** The numbers of the workers that report. */
export const workersIn = (samples: ReadonlyArray<Sample>): ReadonlyArray<string> =>
  samples.flatMap(({ labels, name }) => (name === "crossfade_build_info" ? [labels["worker"] ?? "?"] : []))

const addressIn = (line: string) => /listens on (http:\S+)/.exec(line)?.[1]
/** Several processes start at once on the cores that the other tests use too. */
const readyWithinMs = 120_000

class Services {
  env!: Readonly<Record<string, string>>
  runtime!: Running
  readonly started: Array<Running> = []

  /** Ready when all workers are. */
  async start(workers: number, own: Readonly<Record<string, string>> = {}): Promise<Running> {
    const env = gatewayEnv({ ...this.env, WORKERS: String(workers), ...own })
    const service = await start(process.execPath, ["src/main.ts"], env, addressIn, readyWithinMs)
    this.started.push(service)
    return service
  }
}

export const useServices = (): Services => {
  const its = new Services()
  const folder = temporaryFolder()
  let redis: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => {
    redis = await startRedis()
    its.runtime = await startPython()
    its.env = {
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!))),
      REDIS_URL: redis.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: its.runtime.url,
      CHAT_RUNTIME_PROBES: "false",
    }
  })
  afterAll(async () => {
    const left = its.started.filter(({ isAlive }) => isAlive()).map(({ pid }) => childrenOf(pid))
    await Promise.all(its.started.map((service) => service.stop("SIGKILL")))
    for (const pid of left.flat()) if (exists(pid)) process.kill(pid, "SIGKILL")
    await its.runtime?.stop("SIGKILL")
    await redis?.stop()
    folder.dispose()
  })
  return its
}

export const goneSoon = (pids: ReadonlyArray<number>): Promise<unknown> =>
  eventually(async () => !pids.some(exists), 20)

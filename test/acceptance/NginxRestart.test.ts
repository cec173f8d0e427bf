import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, tokenFor } from "../support/chatClient.ts"
import { freePort } from "../support/freePort.ts"
import { startNginx } from "../support/nginx.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"

/**
 * A gateway that is replaced by another one at the same address. Each has a store of its own, because the test is
 * only about turns.
 */
class Place {
  readonly #folder = temporaryFolder()
  #port = 0
  #gateway!: Running

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  async start(runtimeUrl: string): Promise<void> {
    this.#port ||= await freePort()
    this.#gateway = await startGateway({
      PORT: String(this.#port),
      DATA_DIR: this.#folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtimeUrl,
      CHAT_RUNTIME_PROBES: "false",
      RATE_LIMIT_USER_PER_MIN: "1000000",
      RATE_LIMIT_ORG_PER_MIN: "1000000",
      MAX_STREAMS_PER_USER: "1000",
      MAX_STREAMS_PER_ORG: "1000",
    })
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    await this.#gateway?.stop(signal)
    return this.#gateway?.exited
  }

  dispose(): void {
    this.#folder.dispose()
  }
}

describe("behind nginx", () => {
  const places = [new Place(), new Place(), new Place()] as const
  let runtime: Running
  let nginx: Running

  beforeAll(async () => {
    runtime = await startPython()
    for (const place of places) await place.start(runtime.url)
    nginx = await startNginx([places[0].address, places[1].address, places[2].address])
  }, 90_000)

  afterAll(async () => {
    await nginx?.stop("SIGKILL")
    await Promise.all(places.map((place) => place.stop("SIGKILL")))
    await runtime?.stop("SIGKILL")
    for (const place of places) place.dispose()
  })

  it("D2: a rolling restart of three gateways fails no turn and runs none twice", async () => {
    const client = new Client(nginx.url, await tokenFor())
    const endings: Array<string> = []
    const replacing = new Set(places)
    const worker = async (name: number) => {
      for (let turn = 0; replacing.size > 0; turn++) {
        const stream = await client.start({ scenario: "slow", count: 3 + ((name + turn) % 5), delay_ms: 40 })
        const frames = stream.response.status === 200 ? await stream.rest() : []
        endings.push(frames.at(-1)?.event ?? String(stream.response.status))
      }
    }
    const load = Promise.all(Array.from({ length: 16 }, (_, name) => worker(name)))
    for (const place of places) {
      expect(await place.stop("SIGTERM")).toBe(0)
      await place.start(runtime.url)
      replacing.delete(place)
    }
    await load
    expect(endings.filter((event) => event !== "done")).toEqual([])
    expect(endings.length).toBeGreaterThan(50)
    const { executions } = (await (await fetch(`${runtime.url}/test/log`)).json()) as {
      executions: Array<unknown>
    }
    expect(executions).toHaveLength(endings.length)
  }, 120_000)
})

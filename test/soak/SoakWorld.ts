/** The processes of a soak: a gateway over SQLite and Redis, the Python runtime, and the sandbox's model. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { eventually } from "../support/chatClient.ts"
import { providerEnv } from "../support/modelServer.ts"
import { type Running, start, startGateway, startPython, temporaryFolder } from "../support/processes.ts"
import { parse, type Sample } from "../support/prometheusText.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"

/** Short, so that each fault meets its deadline many times a minute. */
export const clocks = {
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "1500",
  CHAT_STALL_TIMEOUT_MS: "1500",
  CHAT_CALL_TIMEOUT_MS: "1500",
  CHAT_RUNTIME_TIMEOUT_THRESHOLD_MS: "8000",
  CHAT_RUNTIME_MONITOR_WINDOW_MS: "20000",
  CHAT_DETACH_GRACE_MS: "1000",
  SSE_HEARTBEAT_INTERVAL_MS: "500",
}

export class SoakWorld {
  readonly folder = temporaryFolder()
  gateway!: Running
  runtime!: Running
  sandbox!: Running
  redis!: RedisServer

  static async start(seed: number): Promise<SoakWorld> {
    const world = new SoakWorld()
    try {
      await world.#start(seed)
      return world
    } catch (cause) {
      await world.stop()
      throw cause
    }
  }

  async #start(seed: number): Promise<void> {
    this.redis = await startRedis()
    this.runtime = await startPython({ pingMs: 200 })
    const model = (line: string) => /^model (http:\S+)/.exec(line)?.[1]
    this.sandbox = await start(
      process.execPath,
      ["test/soak/sandbox.ts", String(seed)],
      { PATH: process.env["PATH"] },
      model,
    )
    this.gateway = await startGateway({
      DATA_DIR: this.folder.path,
      REDIS_URL: this.redis.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: this.runtime.url,
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", `${this.sandbox.url}/v1`),
      ...clocks,
      NODE_OPTIONS: `--import=${new URL("collectGarbage.ts", import.meta.url).href}`,
    })
  }

  async stop(): Promise<void> {
    for (const one of [this.gateway, this.runtime, this.sandbox]) await one?.stop("SIGKILL")
    await this.redis?.stop()
    this.folder.dispose()
  }

  get database(): string {
    return join(this.folder.path, "crossfade.db")
  }

  async metrics(): Promise<ReadonlyArray<Sample>> {
    return parse(await (await fetch(`${this.gateway.url}/metrics`)).text())
  }

  /** Open files and sockets, without this process's idle connections. */
  handles(): number {
    const port = Number(new URL(this.gateway.url).port).toString(16).toUpperCase().padStart(4, "0")
    const inbound = ["tcp", "tcp6"].flatMap((table) =>
      readFileSync(`/proc/net/${table}`, "utf8")
        .split("\n")
        .filter((line) => new RegExp(`^\\s*\\d+: [0-9A-F]+:${port} \\S+ 01 `).test(line)),
    )
    return readdirSync(`/proc/${this.gateway.pid}/fd`).length - inbound.length
  }

  /** Bytes in use after a full garbage collection. */
  async heap(): Promise<number> {
    const said = () => [...this.gateway.output().matchAll(/^heap (\d+)$/gm)]
    const before = said().length
    process.kill(this.gateway.pid, "SIGUSR2")
    const all = await eventually(() => Promise.resolve(said().length > before && said()), 10)
    return Number(all.at(-1)?.[1])
  }
}

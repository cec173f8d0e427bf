/** The processes of the bench: upstreams, load, floor, gateways and peers; each is ended by its id. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import * as Database from "../../../src/store/Database.ts"
import { gatewayEnv, type Running, start } from "../../support/processes.ts"
import type { Order, Report } from "./load.ts"

type Environment = Readonly<Record<string, string>>

const own = (script: string, args: ReadonlyArray<string> = [], env: Environment = {}): Promise<Running> =>
  start(
    process.execPath,
    [join(import.meta.dirname, script), ...args],
    { PATH: process.env["PATH"], ...env },
    (line) => /listens? on (http:\S+)/.exec(line)?.[1],
  )

export const startUpstreams = (): Promise<Running> => own("upstreams.ts")

/** `wire`: the upstream that it relays. */
export const startFloor = (
  upstreams: string,
  wire: "runtime" | "model",
  env: Environment = {},
): Promise<Running> => own("floor.ts", [upstreams, wire], env)

/** A folder in memory, if the system has one, so that the disk's syncs are not measured. */
const dataFolder = (): string =>
  mkdtempSync(process.platform === "linux" ? "/dev/shm/crossfade-" : "crossfade-")

export interface Gateway extends Running {
  readonly dispose: () => Promise<void>
}

const withFolder = (running: Running, folder: string): Gateway => {
  const remove = () => rmSync(folder, { recursive: true, force: true })
  // A bench that fails leaves no folder in memory.
  process.once("exit", remove)
  return {
    ...running,
    dispose: async () => {
      await running.stop("SIGKILL")
      process.off("exit", remove)
      remove()
    },
  }
}

/** The floor that stores its turns in the tables of the gateway. */
export const startDurableFloor = async (upstreams: string, wire: "runtime" | "model"): Promise<Gateway> => {
  const folder = dataFolder()
  const database = Database.layer({ databaseUrl: undefined, dataDir: folder })
  await Effect.runPromise(Effect.scoped(Layer.build(database)))
  return withFolder(await own("floor.ts", [upstreams, wire, folder]), folder)
}

export const here = resolve(import.meta.dirname, "../../..")

interface Place {
  /** Default: a new one in memory. */
  readonly folder?: string
  /** Default: this one. */
  readonly checkout?: string | undefined
  /** A file of the checkout, and its arguments. */
  readonly program?: ReadonlyArray<string>
}

export const startBenchGateway = async (
  upstreams: string,
  mode: "runtime_orchestrator" | "direct_llm",
  env: Environment = {},
  place: Place = {},
): Promise<Gateway> => {
  const { checkout = here, folder = dataFolder(), program = ["src/main.ts"] } = place
  const [entry, ...args] = program
  const settings = {
    DATA_DIR: folder,
    NODE_ENV: "production",
    LOG_LEVEL: "warn",
    CHAT_EXECUTION_MODE: mode,
    RUNTIME_SERVICE_URL: upstreams,
    CHAT_RUNTIME_PROBES: "false",
    DIRECT_LLM_PROVIDERS: "a",
    DIRECT_LLM_A_KIND: "openai-compatible",
    DIRECT_LLM_A_BASE_URL: `${upstreams}/v1`,
    DIRECT_LLM_A_API_KEY: "sk-not-a-key",
    DIRECT_LLM_A_MODEL: "m",
    ...env,
  }
  const gateway = await start(
    process.execPath,
    [join(checkout, entry!), ...args],
    gatewayEnv(settings),
    (line) => /listens on (http:\S+)/.exec(line)?.[1],
  )
  return withFolder(gateway, folder)
}

// Each started process ends with this one, and there are more than ten.
process.setMaxListeners(50)

/** One process that makes the load; it takes one order at a time. */
export class Load {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#process = child
    this.#lines = lines
  }

  static async start(): Promise<Load> {
    const child = spawn(process.execPath, [join(import.meta.dirname, "load.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    })
    process.once("exit", () => child.kill("SIGKILL"))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    return new Load(child, lines)
  }

  async run(order: Order): Promise<Report> {
    this.#process.stdin!.write(`${JSON.stringify(order)}\n`)
    const { value } = await this.#lines.next()
    return JSON.parse(value) as Report
  }

  stop(): void {
    this.#process.kill("SIGKILL")
  }
}

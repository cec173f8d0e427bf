/** Gateway, Python runtime and model together: most acceptance tests run against it. One per test file. */
import { afterAll, beforeAll, beforeEach } from "vitest"
import { Client, eventually, operatorToken, tokenFor } from "./chatClient.ts"
import { type Model, providerEnv, startModel } from "./modelServer.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "./processes.ts"

interface Execution {
  readonly session_id: string
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests look into whatever was sent
  readonly body: any
  readonly headers: Readonly<Record<string, string | null>>
  readonly ended: string | null
  readonly tool_runs: number
  readonly events_sent: number
}

export interface RuntimeLog {
  readonly executions: ReadonlyArray<Execution>
  readonly cancels: ReadonlyArray<{ readonly session_id: string; readonly hit: boolean }>
}

export class World {
  gateway!: Running
  runtime!: Running
  model!: Model
  client!: Client
  /** A client with an operator's token. */
  operator!: Client
  /** Ends the gateway with SIGKILL if it runs, and starts one with the same data. */
  restart!: () => Promise<void>
  readonly folder = temporaryFolder()

  /** The runtime's requests since the test began. */
  async log(): Promise<RuntimeLog> {
    return (await fetch(`${this.runtime.url}/test/log`)).json() as Promise<RuntimeLog>
  }

  logged(wanted: (log: RuntimeLog) => boolean): Promise<RuntimeLog> {
    return eventually(async () => {
      const log = await this.log()
      return wanted(log) && log
    })
  }

  async as(org: string, user: string, permissions?: ReadonlyArray<string>): Promise<Client> {
    return new Client(this.gateway.url, await tokenFor(org, user, permissions))
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- rows as the API shows them
  async messages(sessionId: string): Promise<ReadonlyArray<any>> {
    return (await this.client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data.messages
  }

  /** A run of Ana at acme, with the upstream's own codes, which only operators see. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the run as the API shows it
  async run(runId: string): Promise<any> {
    const reader = new Client(this.gateway.url, await operatorToken(["*", "operator:read"], "acme", "ana"))
    return (await reader.json("GET", `/api/v1/chat/runs/${runId}`)).data
  }
}

type Env = Readonly<Record<string, string>>

/**
 * `env` is the gateway's, read at its start. `direct: false` leaves it without a provider, so that no target can
 * replace the runtime.
 */
export const useWorld = (
  env: Env | (() => Env) = {},
  options: { readonly direct?: boolean; readonly runtimeEnv?: () => Env } = {},
): World => {
  const world = new World()
  beforeAll(async () => {
    world.model = await startModel()
    world.runtime = await startPython({ pingMs: 50, env: options.runtimeEnv?.() ?? {} })
    const direct =
      options.direct === false ? {} : { DIRECT_LLM_PROVIDERS: "a", ...providerEnv("a", world.model.url) }
    world.restart = async () => {
      await world.gateway?.stop("SIGKILL")
      world.gateway = await startGateway({
        DATA_DIR: world.folder.path,
        CHAT_EXECUTION_MODE: "runtime_orchestrator",
        RUNTIME_SERVICE_URL: world.runtime.url,
        // These tests consist of consecutive faults: the breaker must not open.
        CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "100000",
        CHAT_RUNTIME_PROBES: "false",
        ...direct,
        ...(typeof env === "function" ? env() : env),
      })
      world.client = new Client(world.gateway.url, await tokenFor())
      world.operator = new Client(world.gateway.url, await operatorToken())
    }
    await world.restart()
  })
  beforeEach(async () => {
    world.model.asked.length = 0
    world.model.answers.length = 0
    await fetch(`${world.runtime.url}/test/reset`, { method: "POST" })
    // One test file ends its gateway to check its last output.
    if (!world.gateway.isAlive()) return
    await world.operator.json("POST", "/api/v1/runtime/fallback/reset")
  })
  afterAll(async () => {
    await world.gateway?.stop("SIGKILL")
    await world.runtime?.stop("SIGKILL")
    await world.model?.stop()
    world.folder.dispose()
  })
  return world
}

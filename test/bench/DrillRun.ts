/**
 * One drill on real processes of its own: the gateway as `npm start` runs it, the Python runtime, a model. Load, a
 * fault of the runtime, its repair, until the breaker is closed again.
 *
 * The breaker's state comes from `GET /api/v1/runtime/fallback/status`, the users' results from their chats.
 */
import * as ScenarioRun from "../../src/simulation/ScenarioRun.ts"
import type { Fault, Scenario } from "../../src/simulation/Scenario.ts"
import { Client, operatorToken } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"
import { Load } from "../support/userLoad.ts"
import { figuresOf, type Measured } from "./DrillFigures.ts"

export const names = ["hang", "refused", "slow", "org"] as const
export type Name = (typeof names)[number]

const poisoned = 0
const slower = 20
const faults: { readonly [name in Name]: Pick<Fault, "what" | "org"> } = {
  hang: { what: { kind: "hang" } },
  refused: { what: { kind: "refused" } },
  slow: { what: { kind: "slow", factor: slower } },
  org: { what: { kind: "errors", share: 1 }, org: poisoned },
}

/** 20 turns a second: the limit for the first progress needs 200 of them. */
const warmUpS = 20
const faultS = 60
/** Longer than any recovery after one fault; a drill that takes longer has failed. */
const patienceS = 80

export const faultOf = (name: Name): Fault => ({
  mode: "runtime_orchestrator",
  ...faults[name],
  from: warmUpS,
  to: warmUpS + faultS,
})

export const scenarioOf = (name: Name): Scenario => ({
  name,
  turnsPerSecond: 20,
  seconds: warmUpS + faultS + patienceS,
  orgs: 10,
  errorRate: 0,
  faults: [faultOf(name)],
})

class Drill {
  readonly folder = temporaryFolder()
  readonly name: Name
  private runtime!: Running
  private gateway!: Running
  private stopModel: () => Promise<void> = () => Promise.resolve()
  private operator!: Client

  constructor(name: Name) {
    this.name = name
  }

  async start(): Promise<string> {
    const model = await startModel()
    this.stopModel = model.stop
    this.runtime = await startPython()
    await this.conditions({})
    this.gateway = await startGateway({
      DATA_DIR: this.folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: this.runtime.url,
      DIRECT_LLM_PROVIDERS: "a",
      LOG_LEVEL: "warn",
      ...providerEnv("a", model.url),
    })
    this.operator = new Client(this.gateway.url, await operatorToken())
    return this.gateway.url
  }

  async stop(): Promise<void> {
    await this.gateway?.stop("SIGKILL")
    await this.runtime?.stop("SIGKILL")
    await this.stopModel()
    this.folder.dispose()
  }

  async break(): Promise<void> {
    if (this.name === "hang") process.kill(this.runtime.pid, "SIGSTOP")
    else if (this.name === "refused") await this.runtime.stop("SIGKILL")
    else if (this.name === "slow") await this.conditions({ slower })
    else await this.conditions({ failing_org: `org-${poisoned}` })
  }

  async repair(): Promise<void> {
    if (this.name === "hang") process.kill(this.runtime.pid, "SIGCONT")
    if (this.name === "refused")
      this.runtime = await startPython({ port: Number(new URL(this.runtime.url).port) })
    await this.conditions({ slower: 1, failing_org: null })
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as the API shows it
  async status(): Promise<any> {
    return (await this.operator.json("GET", "/api/v1/runtime/fallback/status")).data
  }

  async closedWithin(seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      const { orgs, state } = await this.status()
      if (state === "closed" && orgs.length === 0) return
      await sleep(250)
    }
  }

  private async conditions(changed: object): Promise<void> {
    await fetch(`${this.runtime.url}/test/conditions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ think_ms: 300, ...changed }),
    })
  }
}

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))

export const run = async (name: Name): Promise<Measured> => {
  const drill = new Drill(name)
  try {
    const url = await drill.start()
    const load = new Load(url, ScenarioRun.arrivals(scenarioOf(name), 1))
    await sleep(warmUpS * 1000)
    const { firstProgressLimitMs } = await drill.status()
    const brokenAt = performance.now()
    await drill.break()
    await sleep(brokenAt + faultS * 1000 - performance.now())
    await drill.repair()
    const repairedAt = performance.now()
    await drill.closedWithin(patienceS)
    await load.finish()
    const { transitions } = await drill.status()
    const { org } = faults[name]
    const scope = org === undefined ? null : `org-${org}`
    const figures = figuresOf(scope, { brokenAt, repairedAt }, load.chats, transitions)
    return { ...figures, firstProgressLimitMs, latestMs: Math.round(load.latestMs) }
  } finally {
    await drill.stop()
  }
}

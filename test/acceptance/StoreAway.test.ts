import { readdirSync, readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, defaultAgent, eventually, tokenFor } from "../support/chatClient.ts"
import * as Postgres from "../support/postgres.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"

/** The long form: `AWAY_SECONDS=30`. */
const awaySeconds = Number(process.env["AWAY_SECONDS"] ?? 10)

/** PostgreSQL and the process of each of its connections. */
const family = (pid: number): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((one) => {
      try {
        return (
          one === pid ||
          Number(readFileSync(`/proc/${one}/stat`, "utf8").split(") ")[1]!.split(" ")[1]) === pid
        )
      } catch {
        return false
      }
    })

const signal = (pid: number, name: NodeJS.Signals) => {
  for (const one of family(pid)) process.kill(one, name)
}

interface Told {
  readonly sessionId: string
  readonly runId: string
  readonly message: string
  readonly end: string
}

describe.skipIf(inject("postgresUrl") === undefined)("a PostgreSQL that goes away under load", () => {
  const folder = temporaryFolder()
  let postgres: Postgres.Server
  let runtime: Running
  let gateway: Running
  let client: Client
  beforeAll(async () => {
    postgres = await Postgres.start(Postgres.findBinaries()!, { synchronous_commit: "on" })
    runtime = await startPython()
    gateway = await startGateway({
      DATA_DIR: folder.path,
      DATABASE_URL: postgres.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime.url,
      CHAT_RUNTIME_PROBES: "false",
      RATE_LIMIT_USER_PER_MIN: "1000000",
      MAX_STREAMS_PER_USER: "1000",
      MAX_STREAMS_PER_ORG: "1000",
    })
    client = new Client(gateway.url, await tokenFor())
  })
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    await runtime?.stop("SIGKILL")
    await postgres?.stop()
    folder.dispose()
  })

  it.each([
    ["ended and started again", () => postgres.down(), () => postgres.up()],
    ["frozen", () => signal(postgres.pid(), "SIGSTOP"), () => signal(postgres.pid(), "SIGCONT")],
  ] as const)(
    "E1: %s: new turns are refused with 503 before their first event, running ones end in done after its return, and nothing is lost or doubled",
    async (name, leave, comeBack) => {
      const told: Array<Told> = []
      const refused: Array<string> = []
      const load = { over: false }
      const worker = async (name: number) => {
        for (let turn = 0; !load.over; turn++) {
          const message = JSON.stringify({
            scenario: "slow",
            count: 20 + (turn % 20),
            delay_ms: 100,
            name,
            turn,
          })
          const stream = await client.start(message)
          if (stream.response.status !== 200) {
            refused.push(
              `${stream.response.status}, again after ${stream.response.headers.get("retry-after")} s`,
            )
            await new Promise((next) => setTimeout(next, 200))
            continue
          }
          const { runId, sessionId } = stream
          const end = (await stream.rest()).at(-1)
          told.push({ runId, sessionId, message, end: end?.event ?? "nothing" })
        }
      }
      const ready = async () => (await client.request("GET", "/api/v1/health/ready")).status === 200
      const working = Promise.all(Array.from({ length: 10 }, (_, name) => worker(name)))
      await new Promise((next) => setTimeout(next, 1500))
      const left = performance.now()
      await leave()
      // Two arrive before the outage is known; for the one with a key the first query is for the key.
      const early = { agentId: defaultAgent, message: "now?" }
      const first = await Promise.all(
        [{}, { "idempotency-key": name }].map((headers) =>
          client.request("POST", "/api/v1/chat/start", early, headers),
        ),
      )
      expect(first.map(({ status }) => status)).toEqual([503, 503])
      expect(performance.now() - left).toBeLessThan(4000)
      await eventually(async () => !(await ready()), 20)
      const refusedAt = performance.now()
      expect((await client.start("now?")).response.status).toBe(503)
      // The outage was known before: a call of the store could take 5 s.
      expect(performance.now() - refusedAt).toBeLessThan(3000)
      const toldBefore = told.length
      await new Promise((next) => setTimeout(next, awaySeconds * 1000))
      const toldMeanwhile = told.length - toldBefore
      await comeBack()
      await eventually(ready, 20)
      await eventually(async () => (await client.start("again")).response.status === 200, 20)
      load.over = true
      await working
      // Empty if all callers were waiting for the end of a turn.
      expect(new Set([...refused, "503, again after 1 s"])).toEqual(new Set(["503, again after 1 s"]))
      expect(toldMeanwhile).toBe(0)
      expect(told.map(({ end }) => end).filter((end) => end !== "done")).toEqual([])
      for (const { message, runId, sessionId } of told) {
        const { messages } = (await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data
        expect(messages).toHaveLength(2)
        expect(messages[0]).toMatchObject({ role: "user", content: message, runId })
        expect(messages[1]).toMatchObject({ role: "assistant", runId })
      }
    },
    120_000,
  )
})

/**
 * The countable work of a turn in a real gateway, the same on any machine: timers, socket writes, fibers and their steps, and
 * objects that survive small garbage collections. None grows with the length of an answer. `StatementsOfATurn` counts the
 * statements.
 */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const event = (name: string, data: object) =>
  `data: ${JSON.stringify({ event: name, data, timestamp: "2026-01-01T00:00:00Z" })}\r\n\r\n`

/** Writes as many events as its message says, all at once. */
const startRuntime = (): Promise<Server> => {
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (chunk) => (body += chunk))
    request.on("end", () => {
      if (!request.url!.endsWith("/execute/stream")) return void response.end("{}")
      const events = Number(JSON.parse(body).user_message)
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.end(
        event("text_chunk", { content: "w" }).repeat(events) +
          event("execution_complete", { final_response: "" }),
      )
    })
  })
  return new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(server)))
}

const turns = 100
/** Concurrency makes the gateway's collections of turns grow and shrink. */
const atOnce = 10

interface Work {
  readonly timers: number
  readonly writes: number
  readonly fibers: number
  readonly steps: number
  /** Bytes. */
  readonly kept: number
}

describe("in a gateway's process", () => {
  const folder = temporaryFolder()
  let runtime: Server
  let gateway: Running
  let token: string

  beforeAll(async () => {
    runtime = await startRuntime()
    token = await tokenFor()
    gateway = await startGateway({
      NODE_OPTIONS: `--import=${new URL("../support/countWork.ts", import.meta.url).href}`,
      DATA_DIR: folder.path,
      LOG_LEVEL: "warn",
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      CHAT_RUNTIME_PROBES: "false",
      RUNTIME_SERVICE_URL: `http://127.0.0.1:${(runtime.address() as AddressInfo).port}`,
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    runtime?.close()
    runtime?.closeAllConnections()
    folder.dispose()
  })

  const counted = async (): Promise<Work> => {
    const lines = () => gateway.output().match(/^counted .*$/gm) ?? []
    const before = lines().length
    process.kill(gateway.pid, "SIGUSR2")
    while (lines().length === before) await sleep(5)
    return JSON.parse(lines().at(-1)!.slice("counted ".length))
  }

  const turn = async (events: number) => {
    const response = await fetch(`${gateway.url}/api/v1/chat/start`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ agentId: defaultAgent, message: String(events) }),
    })
    expect((await response.text()).match(/"content":"w"/g)).toHaveLength(events)
  }

  /** The work of one turn; the gateway's own background work is included. */
  const workOf = async (events: number): Promise<Work> => {
    await turn(events)
    const before = await counted()
    for (let count = 0; count < turns; count += atOnce)
      await Promise.all(Array.from({ length: atOnce }, () => turn(events)))
    const after = await counted()
    const each = (what: keyof Work) => (after[what] - before[what]) / turns
    return {
      timers: each("timers"),
      writes: each("writes"),
      fibers: each("fibers"),
      steps: each("steps"),
      kept: each("kept"),
    }
  }

  it.skipIf(process.platform === "win32")(
    "a turn sets few timers, makes few socket writes, takes few fibers and steps, and leaves little garbage to full collections, with 10 events and with 500",
    async () => {
      await workOf(10)
      await workOf(500)
      for (const work of [await workOf(10), await workOf(500)]) {
        expect(work.timers).toBeGreaterThan(0)
        expect(work.timers).toBeLessThan(5)
        // One to the runtime, two to the reader: four if the headers of a turn are sent alone.
        expect(work.writes).toBeGreaterThanOrEqual(3)
        expect(work.writes).toBeLessThan(3.9)
        expect(work.fibers).toBeGreaterThan(1)
        expect(work.fibers).toBeLessThan(10)
        expect(work.steps).toBeGreaterThan(100)
        expect(work.steps).toBeLessThan(640)
        // Was 20 KB when the test was added; the data of a turn with 500 events is about 360 KB.
        expect(work.kept).toBeLessThan(40_000)
      }
    },
    60_000,
  )
})

/**
 * The JS heap of a turn that waits for its upstream, in a real gateway after a full garbage collection. It does not depend on
 * the machine. `npm run bench -- --lanes l` measures the whole memory of such turns.
 */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { memoryOf, reporting } from "../bench/suite/Reports.ts"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

/** The turns that wait for an answer. */
let waiting = 0

/** Takes requests and never answers a turn. */
const startRuntime = (): Promise<Server> => {
  const server = createServer((request, response) => {
    if (!request.url!.endsWith("/execute/stream")) return void response.end("{}")
    request.resume().on("end", () => (waiting += 1))
  })
  return new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(server)))
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
      ...reporting("reportMemory"),
      DATA_DIR: folder.path,
      LOG_LEVEL: "warn",
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      CHAT_RUNTIME_PROBES: "false",
      RUNTIME_SERVICE_URL: `http://127.0.0.1:${(runtime.address() as AddressInfo).port}`,
    })
  })
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    runtime?.close()
    runtime?.closeAllConnections()
    folder.dispose()
  })

  /** After the second of two collections: the first one may leave what has a finalizer. */
  const heap = async (): Promise<number> => {
    await memoryOf(gateway)
    return (await memoryOf(gateway)).heapUsed
  }

  /** Begins turns that wait until the gateway is stopped. */
  const begin = async (turns: number): Promise<void> => {
    const all = waiting + turns
    for (let turn = 0; turn < turns; turn++)
      void fetch(`${gateway.url}/api/v1/chat/start`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ agentId: defaultAgent, message: "wait" }),
      }).catch(() => undefined)
    await expect.poll(() => waiting).toBe(all)
  }

  it.skipIf(process.platform === "win32")(
    "a turn that waits for its upstream holds little of the JS heap",
    async () => {
      // So many that what the process allocates beside them counts little.
      const turns = 800
      await begin(turns)
      const before = await heap()
      await begin(turns)
      const each = ((await heap()) - before) / turns
      expect(each).toBeGreaterThan(10_000)
      // Was 34 KB when the limit was set.
      expect(each).toBeLessThan(45_000)
    },
    60_000,
  )
})

import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, defaultAgent, eventually, tokenFor } from "../support/chatClient.ts"
import { Fleet } from "../support/fleet.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"

const long = { scenario: "slow", count: 1000, delay_ms: 50 }

describe("a planned stop", () => {
  const folder = temporaryFolder()
  let runtime: Running
  beforeAll(async () => {
    runtime = await startPython()
  })
  afterAll(async () => {
    await runtime.stop("SIGKILL")
    folder.dispose()
  })

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "D2: by %s refuses new turns, reports not ready, lets runs continue for the grace, ends the rest with a retryable error, and exits with 0",
    async (signal) => {
      const env = {
        DATA_DIR: folder.path,
        CHAT_EXECUTION_MODE: "runtime_orchestrator",
        RUNTIME_SERVICE_URL: runtime.url,
        SHUTDOWN_GRACE_MS: "2000",
      }
      const gateway = await startGateway(env)
      const client = new Client(gateway.url, await tokenFor())
      const [short, endless] = await Promise.all([
        client.start({ scenario: "slow", count: 10, delay_ms: 100 }),
        client.start(long),
      ])
      await Promise.all([short, endless].map((stream) => stream.until(({ seq }) => seq === 2)))
      const stopped = gateway.stop(signal)
      await eventually(async () => (await client.request("GET", "/api/v1/health/ready")).status === 503)
      const late = { agentId: defaultAgent, message: "too late" }
      const refused = await client.request("POST", "/api/v1/chat/start", late)
      expect(refused.status).toBe(503)
      expect(refused.headers.get("retry-after")).toBe("1")
      expect(refused.headers.get("connection")).toBe("close")
      expect(await refused.json()).toMatchObject({ error: { code: "SHUTTING_DOWN" } })
      const second = await client.events(endless.runId)
      expect((await short.rest()).at(-1)?.event).toBe("done")
      const cut = { event: "error", data: { code: "RUN_INTERRUPTED", recoverable: true } }
      expect((await endless.rest()).at(-1)).toMatchObject(cut)
      expect((await second.rest()).at(-1)).toMatchObject(cut)
      await stopped
      expect(await gateway.exited).toBe(0)

      const next = await startGateway(env)
      const later = new Client(next.url, await tokenFor())
      const run = (await later.json("GET", `/api/v1/chat/runs/${endless.runId}`)).data
      expect(run).toMatchObject({ status: "interrupted", error: { code: "RUN_INTERRUPTED" } })
      expect((await (await later.events(endless.runId)).rest()).at(-1)).toMatchObject(cut)
      await next.stop("SIGKILL")
    },
  )

  it("ends at once at a second Ctrl-C, but not at the copy of the first that npm passes on", async () => {
    const gateway = await startGateway({
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime.url,
    })
    const client = new Client(gateway.url, await tokenFor())
    const stream = await client.start(long)
    await stream.until(({ seq }) => seq === 2)
    process.kill(gateway.pid, "SIGINT")
    process.kill(gateway.pid, "SIGINT")
    await eventually(async () => (await client.request("GET", "/api/v1/health/ready")).status === 503)
    const { seq } = (await stream.next())!
    await stream.until((frame) => frame.seq! > seq!)
    await eventually(async () => {
      if (!gateway.isAlive()) return true
      process.kill(gateway.pid, "SIGINT")
      return false
    })
    expect(await gateway.exited).toBe(130)
  })
})

describe.skipIf(inject("postgresUrl") === undefined || inject("redisUrl") === undefined)(
  "a planned stop of a replica that serves a reader of another replica's run",
  () => {
    const fleet = new Fleet()
    beforeAll(() => fleet.start(inject("postgresUrl")!, 2, { SHUTDOWN_GRACE_MS: "100" }))
    afterAll(() => fleet.stop())

    it("D2: makes the reader reconnect without loss", async () => {
      const token = await tokenFor()
      const [owner, other] = [...fleet.gateways]
      const first = await new Client(owner!.url, token).start({ scenario: "slow", count: 60, delay_ms: 100 })
      await first.until(({ seq }) => seq === 1)
      const reader = await new Client(other!.url, token).events(first.runId)
      await reader.until(({ seq }) => seq === 3)
      const stopped = other!.stop("SIGTERM")
      const seen = [...(await reader.rest())]
      const end = seen.pop()!
      expect(end).toMatchObject({ event: "error", data: { code: "SHUTTING_DOWN", recoverable: true } })
      expect(end.id).toBe(seen.at(-1)!.id)
      await stopped
      const rest = await new Client(fleet.url, token).events(first.runId, { "last-event-id": end.id! })
      expect([...seen, ...(await rest.rest())]).toEqual(await first.rest())
    })
  },
)

import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"

interface ShownJson {
  readonly role: string
  readonly status: string | null
  readonly content: string
  readonly error: { readonly code: string } | null
  readonly parts: ReadonlyArray<{ readonly data: { readonly content?: string } }>
}

const postgresUrl = inject("postgresUrl")
describe.skipIf(postgresUrl === undefined)("two replicas on one PostgreSQL, one of them killed", () => {
  const folder = temporaryFolder()
  let runtime: Running
  let gateways: ReadonlyArray<Running>

  beforeAll(async () => {
    runtime = await startPython({ pingMs: 50 })
    const env = {
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(postgresUrl!))),
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime.url,
      CHAT_RUNTIME_PROBES: "false",
    }
    gateways = await Promise.all([startGateway(env), startGateway(env)])
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
    await runtime.stop("SIGKILL")
    folder.dispose()
  })

  it("D1: the survivor interrupts the dead replica's run, not its own, and the session accepts a message", async () => {
    const token = await tokenFor()
    const [dies, lives] = gateways.map(({ url }) => new Client(url, token)) as [Client, Client]
    const slow = { scenario: "slow", count: 400, delay_ms: 100 }
    const [lost, own] = [await dies.start(slow), await lives.start(slow)]
    await lost.until(({ seq }) => seq === 5)
    await gateways[0]!.stop("SIGKILL")
    const statusOf = async (runId: string) =>
      (
        (await (await lives.request("GET", `/api/v1/chat/runs/${runId}`)).json()) as {
          data: { status: string }
        }
      ).data.status
    expect(await statusOf(lost.runId)).toBe("running")
    await eventually(async () => (await statusOf(lost.runId)) === "interrupted", 20)
    expect(await statusOf(own.runId)).toBe("running")
    const told = await lives.request("GET", `/api/v1/chat/runs/${lost.runId}/events`)
    expect(await told.text()).toContain("RUN_INTERRUPTED")
    // The session shows what the reader of the dead replica has seen.
    const read = await lives.request("GET", `/api/v1/chat/sessions/${lost.sessionId}`)
    const { data } = (await read.json()) as { data: { messages: ReadonlyArray<ShownJson> } }
    expect(data.messages.map(({ role, status }) => [role, status])).toEqual([
      ["user", null],
      ["assistant", "interrupted"],
    ])
    expect(data.messages[1]?.error?.code).toBe("RUN_INTERRUPTED")
    const seen = data.messages[1]?.parts.map(({ data }) => data.content ?? "").join("")
    expect(seen).not.toBe("")
    expect(data.messages[1]?.content).toBe(seen)
    const next = await lives.send(lost.sessionId, "again")
    expect(next.response.status).toBe(200)
  }, 60_000)
})

import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, describe, expect, it } from "vitest"
import { textOf } from "../support/chatClient.ts"
import { startPython } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"
import { figures, mismatches, onDisk, path, report, sent, shadowed, turn } from "../support/shadowing.ts"

describe("direct turns with the runtime in shadow", () => {
  const world = useWorld({ ...shadowed, CHAT_EXECUTION_MODE: "direct_llm" })

  it("are compared, and the report and the mismatches contain no text", async () => {
    const stream = await turn(world, "canary-question")
    expect(textOf(stream.frames)).toBe("direct answer")
    const [found] = await mismatches(world, "?limit=1")
    expect(found).toMatchObject({
      runId: stream.runId,
      orgId: "acme",
      primaryMode: "direct_llm",
      shadowMode: "runtime_orchestrator",
      primaryOutcome: "success",
      shadowOutcome: "success",
      primary: { length: 13, tokens: 42 },
      shadow: { length: "You said: canary-question".length, tokens: null },
      judgement: null,
    })
    expect(found.differs).toContain("text")
    expect(found.primary.hash).not.toBe(found.shadow.hash)
    expect(found.primary).not.toHaveProperty("text")
    const said = await report(world, "?orgId=acme&since=0")
    const text = said.dimensions.find(({ dimension }: { dimension: string }) => dimension === "text")
    expect(text).toMatchObject({ agreement: { of: said.pairs, hits: 0 }, verdict: "too_few" })
    expect(said.orgs).toMatchObject([{ id: "acme", pairs: said.pairs }])
    expect(said.ledger).toContainEqual(
      expect.objectContaining({ mode: "runtime_orchestrator", ending: "compared", runs: said.pairs }),
    )
    expect((await report(world, "?orgId=umbrella")).pairs).toBe(0)
    // The store has the user's message and the user's answer, but not the shadow's.
    expect(onDisk(world, "canary-question")).toBe(true)
    expect(onDisk(world, "You said: canary-question")).toBe(false)
  })

  it("call no tool a second time: the runtime gets a dry run", async () => {
    await turn(world, { scenario: "all" })
    const { executions } = await world.log()
    expect(executions).toHaveLength(1)
    expect(executions[0]).toMatchObject({ tool_runs: 0, ended: "complete" })
    expect(executions[0]?.body.metadata).toMatchObject({ shadow: true, dry_run: true })
    const [found] = await mismatches(world, "?limit=1")
    expect(found.distances).toMatchObject({ tools: 1, plan: 1 })
  })

  it.each([
    ["hangs", { scenario: "hang" }, "timeout", "TIMEOUT_FIRST_CONTENT"],
    ["floods", { scenario: "burst", count: 10_000_000 }, "error", "SHADOW_FLOODED"],
    ["fails", { scenario: "error", code: "INTERNAL_ERROR" }, "error", "INTERNAL_ERROR"],
    ["breaks off", { scenario: "cut", reset: true }, "error", "UPSTREAM_TRUNCATED"],
  ])(
    "are whole while the shadow %s, and the Monitor's figures do not change",
    async (_, message, outcome, code) => {
      const [before, first] = [await figures(world), sent]
      const stream = await turn(world, message)
      expect(textOf(stream.frames)).toBe("direct answer")
      expect(stream.frames.at(-1)).toMatchObject({ event: "done", data: { executionMode: "direct_llm" } })
      expect(await figures(world)).toEqual({ ...before, direct: before.direct + sent - first })
      const [found] = await mismatches(world, "?limit=1")
      expect(found).toMatchObject({ runId: stream.runId, shadowOutcome: outcome, shadow: { code } })
    },
  )

  it("have their report for operators only, and a wrong query gets problems by path", async () => {
    const wrong = await world.operator.json("GET", `${path}/mismatches?limit=1001`)
    expect(wrong.error).toMatchObject({ code: "VALIDATION_FAILED", details: [{ path: "query.limit" }] })
    const user = await world.as("acme", "ana", ["chat:*"])
    for (const route of ["report", "mismatches"])
      expect((await user.request("GET", `${path}/${route}`)).status).toBe(403)
  })
})

describe("direct turns whose shadow's process dies", () => {
  const world = useWorld({ ...shadowed, CHAT_EXECUTION_MODE: "direct_llm" })

  it("are whole, during and after, and the breaker records nothing", async () => {
    const first = sent
    for (const [message, code] of [
      [{ scenario: "crash" }, "UPSTREAM_TRUNCATED"],
      ["anybody there?", "UPSTREAM_UNREACHABLE"],
    ] as const) {
      // A dropped shadow may also have killed it.
      const alive = async () => {
        if (code !== "UPSTREAM_TRUNCATED" || world.runtime.isAlive()) return
        world.runtime = await startPython({ pingMs: 50, port: Number(new URL(world.runtime.url).port) })
      }
      const stream = await turn(world, message, alive)
      expect(textOf(stream.frames)).toBe("direct answer")
      const [found] = await mismatches(world, "?limit=1")
      expect(found).toMatchObject({ runId: stream.runId, shadowOutcome: "error", shadow: { code } })
    }
    expect(await figures(world)).toEqual({ direct: sent - first, runtime: 0, fallbackEnabled: false })
    const status = (await world.operator.json("GET", "/api/v1/runtime/fallback/status")).data
    expect(status.transitions).toEqual([])
  })
})

/** Writes comments as fast as they are read: no trace would count them. */
const pings = createServer((request, response) => {
  request.resume()
  if (!request.url?.endsWith("/stream")) return void response.end("{}")
  const comments = ": ping\r\n\r\n".repeat(5000)
  const write = (): void => {
    while (!response.destroyed && response.write(comments));
    if (!response.destroyed) response.once("drain", write)
  }
  response.writeHead(200, { "content-type": "text/event-stream" })
  write()
})
await new Promise<void>((listening) => pings.listen(0, "127.0.0.1", listening))
afterAll(() => pings.close())

describe("direct turns whose shadow floods with invalid events", () => {
  const { port } = pings.address() as AddressInfo
  const world = useWorld({
    ...shadowed,
    CHAT_EXECUTION_MODE: "direct_llm",
    CHAT_FIRST_CONTENT_TIMEOUT_MS: "60000",
    RUNTIME_SERVICE_URL: `http://127.0.0.1:${port}`,
  })

  it("are whole, and the shadow is cut long before its deadline", async () => {
    const stream = await turn(world, "hello")
    expect(textOf(stream.frames)).toBe("direct answer")
    expect(await mismatches(world)).toMatchObject([
      { runId: stream.runId, shadow: { code: "UPSTREAM_GARBLED" } },
    ])
  })
})

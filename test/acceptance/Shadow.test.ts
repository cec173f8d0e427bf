import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, describe, expect, it } from "vitest"
import { eventually, type Stream, textOf } from "../support/chatClient.ts"
import { providerEnv, startModel } from "../support/modelServer.ts"
import { startPython } from "../support/processes.ts"
import { useWorld, type World } from "../support/world.ts"

const shadowed = {
  CHAT_RUNTIME_SHADOW_PERCENT: "100",
  CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
  CHAT_FIRST_CONTENT_TIMEOUT_MS: "1000",
  CHAT_STALL_TIMEOUT_MS: "1000",
}

const path = "/api/v1/runtime/shadow"
const report = async (world: World, query = "") =>
  (await world.client.json("GET", `${path}/report${query}`)).data
const mismatches = async (world: World, query = "") =>
  (await world.client.json("GET", `${path}/mismatches${query}`)).data.mismatches

interface LedgerSum {
  readonly mode: string
  readonly ending: string
  readonly runs: number
  readonly tokens: number
  readonly estimatedTokens: number
}

/** Shadows that have ended: by the load of the machine, or otherwise. */
const ended = async (world: World) => {
  const { ledger } = await report(world)
  const runs = (byLoad: boolean) =>
    ledger
      .filter(({ ending }: LedgerSum) => ending.endsWith("_load") === byLoad)
      .reduce((sum: number, entry: LedgerSum) => sum + entry.runs, 0)
  return { byLoad: runs(true), otherwise: runs(false) }
}

/** Users' turns so far. */
let sent = 0

/**
 * A turn, and the end of its shadow: two shadows at once would leave one out. On a machine that has nothing to spare a
 * shadow is given up, as it should be; then both are played once more. `prepare` lays out the shadow's answer.
 */
const turn = async (
  world: World,
  message: unknown,
  prepare: () => Promise<void> | void = () => {},
): Promise<Stream> => {
  for (let tries = 0; tries < 10; tries++) {
    const before = await ended(world)
    await prepare()
    const stream = await world.client.start(message)
    await stream.rest()
    sent += 1
    const after = await eventually(async () => {
      const now = await ended(world)
      return now.byLoad + now.otherwise > before.byLoad + before.otherwise && now
    })
    if (after.byLoad === before.byLoad) return stream
    world.model.asked.length = 0
    world.model.answers.length = 0
    // As often as the load is measured.
    await setTimeout(1000)
    if (world.runtime.isAlive()) await fetch(`${world.runtime.url}/test/reset`, { method: "POST" })
  }
  throw new Error("every shadow was given up: the machine is too busy for this test")
}

/** What users' turns have done to the modes: of these figures a shadow must move none. */
const figures = async (world: World) => {
  const { direct, fallbackEnabled, runtime } = (await world.client.json("GET", "/api/v1/runtime/metrics"))
    .data
  return { direct: direct.total, runtime: runtime.total, fallbackEnabled }
}

const onDisk = (world: World, text: string): boolean =>
  readdirSync(world.folder.path).some((file) => readFileSync(join(world.folder.path, file)).includes(text))

describe("direct turns with the runtime in shadow", () => {
  const world = useWorld({ ...shadowed, CHAT_EXECUTION_MODE: "direct_llm" })

  it("are compared, and the report and the mismatches say so without any text", async () => {
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
    // The user's message is in the store, and so is the user's answer; the shadow's is not.
    expect(onDisk(world, "canary-question")).toBe(true)
    expect(onDisk(world, "You said: canary-question")).toBe(false)
  })

  it("call no tool a second time: the runtime is asked for a dry run", async () => {
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
    "are whole while the shadow %s, and the Monitor's figures do not move",
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

  it("are told with problems by path when the query is wrong, and to operators only", async () => {
    const wrong = await world.client.json("GET", `${path}/mismatches?limit=1001`)
    expect(wrong.error).toMatchObject({ code: "VALIDATION_FAILED", details: [{ path: "query.limit" }] })
    const user = await world.as("acme", "ana", ["chat:*"])
    for (const route of ["report", "mismatches"])
      expect((await user.request("GET", `${path}/${route}`)).status).toBe(403)
  })
})

describe("direct turns whose shadow's process dies", () => {
  const world = useWorld({ ...shadowed, CHAT_EXECUTION_MODE: "direct_llm" })

  it("are whole, then and afterwards, and the breaker has seen nothing", async () => {
    const first = sent
    for (const [message, code] of [
      [{ scenario: "crash" }, "UPSTREAM_TRUNCATED"],
      ["anybody there?", "UPSTREAM_UNREACHABLE"],
    ] as const) {
      // A shadow that was given up may have killed it all the same.
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
    const status = (await world.client.json("GET", "/api/v1/runtime/fallback/status")).data
    expect(status.transitions).toEqual([])
  })
})

/** Writes comments as fast as they are read: nothing that a trace would count. */
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

describe("direct turns whose shadow floods with what is no event", () => {
  const { port } = pings.address() as AddressInfo
  const world = useWorld({
    ...shadowed,
    CHAT_EXECUTION_MODE: "direct_llm",
    CHAT_FIRST_CONTENT_TIMEOUT_MS: "60000",
    RUNTIME_SERVICE_URL: `http://127.0.0.1:${port}`,
  })

  it("are whole, and the shadow is cut long before its clock", async () => {
    const stream = await turn(world, "hello")
    expect(textOf(stream.frames)).toBe("direct answer")
    expect(await mismatches(world)).toMatchObject([
      { runId: stream.runId, shadow: { code: "UPSTREAM_GARBLED" } },
    ])
  })
})

const judge = await startModel()

describe("runtime turns with direct mode in shadow", () => {
  const world = useWorld({
    ...shadowed,
    SHADOW_STORE_TEXT: "true",
    SHADOW_JUDGE_PROVIDER: "judge",
    DIRECT_LLM_PROVIDERS: "a,judge",
    ...providerEnv("judge", judge.url),
  })

  it("are compared and, where they differ, judged; texts are kept where that was asked for", async () => {
    judge.answers.push({ kind: "text", parts: ["It is shorter.\n", "VERDICT: EQUAL"] })
    const stream = await turn(world, "hello")
    expect(textOf(stream.frames)).toBe("You said: hello")
    const found = await eventually(async () => {
      const [newest] = await mismatches(world, "?limit=1")
      return newest.judgement !== null && newest
    })
    expect(found).toMatchObject({
      runId: stream.runId,
      primaryMode: "runtime_orchestrator",
      shadowMode: "direct_llm",
      primary: { text: "You said: hello", tokens: null },
      shadow: { text: "direct answer", tokens: 42 },
      judgement: { verdict: "equal", tokens: 42 },
    })
    expect(judge.asked).toHaveLength(1)
    const said = await report(world)
    expect(said.judged).toEqual({ runtime_orchestrator: 0, direct_llm: 0, equal: 1, unclear: 0 })
    for (const ending of ["compared", "judged"])
      expect(said.ledger).toContainEqual({
        mode: "direct_llm",
        ending,
        runs: 1,
        tokens: 42,
        estimatedTokens: 0,
      })
  })

  it.each([
    ["hangs", { kind: "hang", parts: ["one moment"] }, "TIMEOUT_STALL"],
    ["floods", { kind: "flood", part: "x".repeat(1000) }, "SHADOW_FLOODED"],
    ["breaks off", { kind: "cut", parts: ["one moment"] }, "UPSTREAM_TRUNCATED"],
    ["fails", { kind: "status", status: 500 }, "UPSTREAM_UNAVAILABLE"],
  ] as const)("are whole while the shadow %s, which is asked once", async (_, answer, code) => {
    const [before, first] = [await figures(world), sent]
    const stream = await turn(world, "hello", () => void world.model.answers.push(answer))
    expect(textOf(stream.frames)).toBe("You said: hello")
    expect(await figures(world)).toEqual({ ...before, runtime: before.runtime + sent - first })
    const [found] = await mismatches(world, "?limit=1")
    expect(found).toMatchObject({ runId: stream.runId, shadow: { code } })
    expect(world.model.asked).toHaveLength(1)
    await eventually(async () => world.model.asked[0]?.closed)
  })

  it("end their shadow when the user cancels", async () => {
    world.model.answers.push({ kind: "hang", parts: [] })
    const stream = await world.client.start({ scenario: "hang", after: "text" })
    await stream.until((frame) => frame.data?.type === "text")
    await eventually(async () => world.model.asked.length === 1)
    await world.client.request("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    await eventually(async () => world.model.asked[0]?.closed)
    await eventually(async () =>
      (await report(world)).ledger.some(
        ({ ending, runs }: LedgerSum) => ending === "cancelled_primary" && runs === 1,
      ),
    )
  })
})

describe("turns that run in their own mode once more", () => {
  const world = useWorld({ ...shadowed, CHAT_RUNTIME_SHADOW_AA_PERCENT: "100" })

  it("are the noise of the report, and no mismatch", async () => {
    const stream = await turn(world, "the same again")
    const said = await report(world)
    expect(said).toMatchObject({ pairs: 0, samePairs: 1 })
    const text = said.dimensions.find(({ dimension }: { dimension: string }) => dimension === "text")
    expect(text.noise).toMatchObject({ of: 1, hits: 1 })
    expect(await mismatches(world)).toEqual([])
    const { executions } = await world.log()
    expect(executions).toHaveLength(2)
    expect(executions.filter(({ body }) => body.metadata.shadow)).toMatchObject([
      { session_id: stream.runId },
    ])
    expect(executions.find(({ body }) => !body.metadata.shadow)?.session_id).toBe(stream.sessionId)
  })
})

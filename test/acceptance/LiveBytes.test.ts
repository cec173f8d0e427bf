import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Client, defaultAgent, eventually, tokenFor } from "../support/chatClient.ts"
import { type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { parse } from "../support/prometheusText.ts"

let gateway: Running
let model: Model
let client: Client
const folder = temporaryFolder()

beforeAll(async () => {
  model = await startModel()
  gateway = await startGateway({
    NODE_OPTIONS: "--max-old-space-size=512",
    // A heartbeat is not replayed.
    SSE_HEARTBEAT_INTERVAL_MS: "600000",
    DATA_DIR: folder.path,
    DIRECT_LLM_PROVIDERS: "large",
    ...providerEnv("large", model.url),
  })
  client = new Client(gateway.url, await tokenFor())
})
afterAll(async () => {
  await gateway?.stop()
  await model?.stop()
  folder.dispose()
})

/** Reads a stream to its end, and keeps only its terminal events. */
const terminalsOf = async (response: Response) => {
  const terminals: Array<string> = []
  const decoder = new TextDecoder()
  let bytes = 0
  let rest = ""
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    const frames = (rest + decoder.decode(chunk, { stream: true })).split("\n\n")
    rest = frames.pop() ?? ""
    terminals.push(...frames.filter((frame) => /^event: (done|error)$/m.test(frame)))
  }
  return { bytes, terminals }
}

/** A gauge or counter without labels. */
const metrics = async () => {
  const samples = parse(await (await client.request("GET", "/metrics")).text())
  return (name: string): number => samples.find((sample) => sample.name === name)?.value ?? 0
}

const start = (message: string) =>
  client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message })

/** A turn: its refusal, or its end. */
const turn = async (message: string) => {
  const response = await start(message)
  const { status } = response
  if (status !== 200) {
    const retryAfter = Number(response.headers.get("retry-after"))
    return {
      status,
      retryAfter,
      ...((await response.json()) as { readonly error: { readonly code: string } }),
    }
  }
  const runId = response.headers.get("x-run-id") ?? ""
  return { status, runId, ...(await terminalsOf(response)) }
}

const codeOf = (terminal: string): string =>
  /"code":"(\w+)"|event: (done)/.exec(terminal)?.slice(1).find(Boolean) ?? ""

/** Its status with all its terminal events, or with its error. */
const endOf = (one: Awaited<ReturnType<typeof turn>>): string =>
  "terminals" in one
    ? `${one.status} ${one.terminals.map(codeOf).join(" ")}`
    : `${one.status} ${one.error.code} after ${one.retryAfter}`

/** The largest values of the metrics, until it is stopped. */
const watching = () => {
  const most = { live: 0 }
  const timer = setInterval(async () => {
    const of = await metrics().catch(() => () => 0)
    most.live = Math.max(most.live, of("crossfade_live_bytes"))
  }, 100)
  return () => {
    clearInterval(timer)
    return most
  }
}

describe("twenty concurrent answers of 15 MB in a process with a heap of 512 MB", () => {
  it("end exactly once each, as an answer or with a typed error, while small turns are served", async () => {
    for (let n = 0; n < 20; n++) model.answers.push({ kind: "flood", part: "x".repeat(10_000), count: 1500 })
    const stop = watching()
    const large = Promise.all(Array.from({ length: 20 }, (_, n) => turn(`large ${n}`)))
    const small: Array<Awaited<ReturnType<typeof turn>>> = []
    await eventually(async () => model.asked.length >= 20, 30)
    const ended = large.then(() => true)
    const soon = () => new Promise<false>((next) => setTimeout(next, 100, false))
    while (!(await Promise.race([ended, soon()]))) small.push(await turn("small"))
    const all = await large
    const { live } = stop()

    expect(gateway.isAlive()).toBe(true)
    const ends = all.map(endOf)
    expect(new Set(ends)).toEqual(new Set(["200 done", "200 OVERLOADED"]))
    const smallEnds = new Set(small.map(endOf))
    expect(smallEnds).toContain("200 done")
    for (const end of smallEnds) expect(["200 done", "503 OVERLOADED after 5"]).toContain(end)
    const of = await metrics()
    expect(of("crossfade_runs_ended_for_memory_total")).toBeGreaterThan(0)
    expect(of("crossfade_live_bytes")).toBe(0)
    expect(live).toBeLessThan(1.1 * of("crossfade_live_bytes_limit"))

    // As stored: an ended run is a failed one, and a complete one is replayed completely.
    for (const [index, one] of all.entries()) {
      if (!("runId" in one)) continue
      const again = await terminalsOf(await client.request("GET", `/api/v1/chat/runs/${one.runId}/events`))
      expect(again).toEqual({ bytes: one.bytes, terminals: one.terminals })
      const { data } = await client.json("GET", `/api/v1/chat/runs/${one.runId}`)
      expect(data.status).toBe(ends[index] === "200 done" ? "completed" : "failed")
    }
  }, 300_000)
})

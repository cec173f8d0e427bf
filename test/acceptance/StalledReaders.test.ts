import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
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
  gateway = await startGateway(
    {
      NODE_OPTIONS: "--max-old-space-size=512",
      DATA_DIR: folder.path,
      // One user has all of the large answers, and may use an eighth of this.
      MAX_ANSWER_BYTES_IN_FLIGHT: "1000000000",
      // A heartbeat is not replayed.
      SSE_HEARTBEAT_INTERVAL_MS: "600000",
      DIRECT_LLM_PROVIDERS: "large",
      ...providerEnv("large", model.url),
    },
    "test/support/impatientGateway.ts",
  )
  client = new Client(gateway.url, await tokenFor())
})
afterAll(async () => {
  await gateway?.stop()
  await model?.stop()
  folder.dispose()
})

const part = "x".repeat(4000)
/** About 14 MB: more than the kernel takes for a reader that reads nothing. */
const large = { kind: "flood", part, count: 3400 } as const

const metrics = async () => {
  const samples = parse(await (await client.request("GET", "/metrics")).text())
  return (name: string): number =>
    samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0)
}

/** A request in its wire form. */
const wire = (method: string, path: string, body = ""): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "host: x",
    `authorization: Bearer ${client.token}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n")

/** A connection that sends a request, and reads nothing. */
const stalled = (request: string): Socket => {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname).on("error", () => {})
  socket.pause()
  socket.write(request)
  return socket
}

const start = () =>
  wire("POST", "/api/v1/chat/start", JSON.stringify({ agentId: defaultAgent, message: "hello" }))

const said = async () => {
  model.answers.push(large)
  const response = await client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message: "a" })
  const text = await response.text()
  const header = (name: string): string => response.headers.get(name) ?? ""
  return { text, runId: header("x-run-id"), sessionId: header("x-session-id") }
}

const isCut = (sockets: number, before: number) =>
  eventually(async () => (await metrics())("crossfade_readers_cut_total") === before + sockets, 60)

describe("readers that take nothing", () => {
  it("L5: a hundred of a live run hold less than 256 KiB each, delay nothing, and are cut", async () => {
    const before = await metrics()
    model.answers.push(large)
    const live = await client.request("POST", "/api/v1/chat/start", { agentId: defaultAgent, message: "a" })
    const path = `/api/v1/chat/runs/${live.headers.get("x-run-id")}/events`
    const sockets = Array.from({ length: 100 }, () => stalled(wire("GET", path)))
    let most = 0
    const watch = setInterval(async () => {
      const of = await metrics().catch(() => () => 0)
      most = Math.max(most, of("crossfade_reader_held_most_bytes"))
    }, 100)
    const text = await live.text()
    await isCut(100, before("crossfade_readers_cut_total"))
    clearInterval(watch)
    expect(text).toContain("event: done")
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(256 * 1024)
    const after = await eventually(async () => {
      const of = await metrics()
      return of("crossfade_streams_open") === 0 && of
    })
    expect(after("crossfade_reader_held_bytes")).toBe(0)
    expect(await (await client.request("GET", path)).text()).toBe(text)
    for (const socket of sockets) socket.destroy()
  }, 180_000)

  it("are cut for every kind of answer: a live run, one JSON body, pipelined requests", async () => {
    const { sessionId } = await said()
    const before = (await metrics())("crossfade_readers_cut_total")
    model.answers.push(large)
    const session = wire("GET", `/api/v1/chat/sessions/${sessionId}`)
    const sockets = [stalled(start()), stalled(session), stalled(session.repeat(3))]
    await isCut(3, before)
    expect((await metrics())("crossfade_reader_held_bytes")).toBe(0)
    for (const socket of sockets) socket.destroy()
  }, 120_000)

  it("L6: are also cut if their process has stopped and the connection stays open", async () => {
    const { runId } = await said()
    const before = (await metrics())("crossfade_readers_cut_total")
    const { port } = new URL(gateway.url)
    const request = wire("GET", `/api/v1/chat/runs/${runId}/events`)
    const code = `require("node:net").connect(${port}, "127.0.0.1", function () { this.write(${JSON.stringify(request)}, () => console.log("asked")) }).on("data", () => {})`
    const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "ignore"] })
    await once(child.stdout, "data")
    child.kill("SIGSTOP")
    await isCut(1, before)
    await eventually(async () => (await metrics())("crossfade_streams_open") === 0)
    child.kill("SIGKILL")
  }, 120_000)

  it("are not cut while they read slowly, and get everything", async () => {
    const { runId, text } = await said()
    const before = (await metrics())("crossfade_readers_cut_total")
    const socket = stalled(wire("GET", `/api/v1/chat/runs/${runId}/events`))
    let bytes = 0
    let hurries = false
    const sip = async (): Promise<void> => {
      const chunk: Buffer | null = socket.read(40_000) ?? socket.read()
      bytes += chunk?.length ?? 0
      if (socket.readableEnded || bytes > Buffer.byteLength(text)) return
      if (!hurries) await new Promise((next) => setTimeout(next, 100))
      else if (chunk === null) await once(socket, "readable")
      return sip()
    }
    const reading = sip()
    // Three times the limit, at 400 kB a second.
    await new Promise((next) => setTimeout(next, 9000))
    hurries = true
    await reading
    expect((await metrics())("crossfade_readers_cut_total")).toBe(before)
    socket.destroy()
  }, 120_000)
})

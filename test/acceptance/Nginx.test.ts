import { once } from "node:events"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { Client, defaultAgent } from "../support/chatClient.ts"
import { startNginx } from "../support/nginx.ts"
import type { Running } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ CHAT_DETACH_GRACE_MS: "1000", SSE_HEARTBEAT_INTERVAL_MS: "500" })
let nginx: Running
let client: Client

beforeAll(async () => {
  const address = new URL(world.gateway.url).host
  nginx = await startNginx([address, address, address], [["proxy_read_timeout 75s", "proxy_read_timeout 3s"]])
  client = new Client(nginx.url, world.client.token)
})
afterAll(() => nginx?.stop("SIGKILL"))

const slow = (count: number, delay_ms: number) => ({ scenario: "slow", count, delay_ms })
const noBeats = <A extends { readonly event: string }>(frames: ReadonlyArray<A>) =>
  frames.filter(({ event }) => event !== "heartbeat")

/**
 * Replaces a gateway that breaks off after it accepted a turn: forwards the request, and hangs up at the first byte
 * of the answer.
 */
const breakingOff = async (gateway: string) => {
  const taken: Array<string | undefined> = []
  const server = createServer((incoming, outgoing) => {
    const { headers, method, url } = incoming
    const asked = request(`${gateway}${url}`, { method, headers })
    asked.once("response", ({ headers }) => {
      taken.push(String(headers["x-run-id"]))
      outgoing.destroy()
      asked.destroy()
    })
    incoming.pipe(asked)
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  return { taken, server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe("a gateway behind nginx", () => {
  it("D3: sends a reader that reconnects exactly the missing events, live and stored, at every place", async () => {
    const first = await client.start(slow(6, 100))
    await first.until((frame) => frame.seq === 2)
    first.leave()
    const live = await client.events(first.runId, { "last-event-id": `${first.runId}:2` })
    const posted = await client.start(slow(6, 100), { "last-event-id": `${first.runId}:2` })
    expect(posted.runId).toBe(first.runId)
    for (const stream of [live, posted]) {
      expect(noBeats(await stream.rest()).map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7])
    }
    const whole = await (await world.client.events(first.runId)).rest()
    for (let after = 0; after <= 7; after++) {
      const kept = await client.events(first.runId, { "last-event-id": `${first.runId}:${after}` })
      expect(await kept.rest()).toEqual(whole.slice(after))
    }
    expect((await world.log()).executions).toHaveLength(1)
  })

  it("D4: moves a turn that a gateway accepted but did not answer, under its key, and runs it once", async () => {
    const broken = await breakingOff(world.gateway.url)
    const well = new URL(world.gateway.url).host
    const between = await startNginx([broken.address, broken.address, well])
    onTestFinished(() => between.stop("SIGKILL"))
    onTestFinished(() => broken.server.closeAllConnections())
    onTestFinished(() => void broken.server.close())
    const turns = new Client(between.url, world.client.token)
    const streams = await Promise.all(Array.from({ length: 3 }, () => turns.start(slow(4, 100))))
    for (const stream of streams) {
      expect(noBeats(await stream.rest()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
      const messages = await world.messages(stream.sessionId)
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"])
    }
    expect(broken.taken).not.toHaveLength(0)
    for (const runId of broken.taken) expect(streams.map((stream) => stream.runId)).toContain(runId)
    expect((await world.log()).executions).toHaveLength(3)
  })

  it("C7: sends the headers of the contract, and allows a silence of any length between heartbeats", async () => {
    const stream = await client.start(slow(1, 4000))
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-run-id": stream.runId,
    })
    expect((await stream.rest()).at(-1)?.event).toBe("done")
  })

  it("C4: notices a reader that leaves, and cancels the run without readers", async () => {
    const stream = await client.start(slow(1000, 50))
    await stream.until((frame) => frame.seq === 2)
    stream.leave()
    await world.logged(({ cancels }) => cancels.length === 1)
  })

  it("answers errors and ids as it does without nginx", async () => {
    const id = { "x-request-id": "seen-by-both" }
    const answer = await client.request("GET", "/api/v1/nowhere", undefined, id)
    expect([answer.status, answer.headers.get("x-request-id")]).toEqual([404, "seen-by-both"])
    expect(await answer.json()).toMatchObject({ error: { code: "ROUTE_NOT_FOUND" } })
    const body = { agentId: defaultAgent, message: "x".repeat(1024 * 1024) }
    const large = await client.request("POST", "/api/v1/chat/start", body)
    expect([large.status, await large.json()]).toMatchObject([413, { error: { code: "PAYLOAD_TOO_LARGE" } }])
    const unknown = await fetch(`${nginx.url}/api/v1/chat/start`, { method: "POST" })
    expect([unknown.status, await unknown.json()]).toMatchObject([
      401,
      { error: { code: "AUTH_TOKEN_MISSING" } },
    ])
  })
})

import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { highestSeq } from "../../src/runs/RunLog.ts"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { Client, eventually, type Frame, type Stream, textOf, tokenFor } from "../support/chatClient.ts"
import { freshDatabase } from "../support/postgres.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"
import { type RedisServer, startRedis } from "../support/redis.ts"

const slow = (count: number, delay_ms: number) => ({ scenario: "slow", count, delay_ms })
const events = (frames: ReadonlyArray<Frame>) => frames.filter(({ event }) => event !== "heartbeat")
const withoutHeartbeats = (text: string) => text.replaceAll("event: heartbeat\ndata: null\n\n", "")
const textOfBytes = ({ bytes }: Stream) => withoutHeartbeats(Buffer.from(bytes).toString())

const missing = inject("postgresUrl") === undefined || inject("redisUrl") === undefined
describe.skipIf(missing)("two replicas on one PostgreSQL and one Redis", () => {
  const folder = temporaryFolder()
  let runtime: Running
  let redis: RedisServer
  let env: Readonly<Record<string, string>>
  let gateways: ReadonlyArray<Running>
  let here: Client
  let there: Client

  const start = async () => {
    gateways = await Promise.all([startGateway(env), startGateway(env)])
    const token = await tokenFor()
    ;[here, there] = gateways.map(({ url }) => new Client(url, token)) as [Client, Client]
  }
  beforeAll(async () => {
    redis = await startRedis()
    runtime = await startPython({ pingMs: 50 })
    env = {
      DATA_DIR: folder.path,
      DATABASE_URL: Redacted.value(await Effect.runPromise(freshDatabase(inject("postgresUrl")!))),
      REDIS_URL: redis.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime.url,
      CHAT_RUNTIME_PROBES: "false",
      CHAT_DETACH_GRACE_MS: "1000",
      SSE_HEARTBEAT_INTERVAL_MS: "150",
      RATE_LIMIT_USER_PER_MIN: "1000000",
      MAX_STREAMS_PER_USER: "5000",
      MAX_STREAMS_PER_ORG: "5000",
      MAX_STREAMS: "5000",
    }
    await start()
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
    await runtime.stop("SIGKILL")
    await redis.stop()
    folder.dispose()
  })

  it("D3: resume a run of 500 events at every event, on both replicas, with the exact rest: live and stored", async () => {
    const first = await here.start(slow(500, 20))
    const resumed: Array<Promise<readonly [number, string]>> = []
    const resume = async (client: Client, seq: number): Promise<readonly [number, string]> => {
      const path = `/api/v1/chat/runs/${first.runId}/events`
      const headers = { "last-event-id": `${first.runId}:${seq}` }
      for (let tries = 0; tries < 20; tries++) {
        const response = await client.request("GET", path, undefined, headers)
        const text = await response.text()
        if (response.status === 200) return [seq, withoutHeartbeats(text)]
        // A gateway that is too busy to hear the other one may report only this.
        expect([response.status, text]).toEqual([503, expect.stringContaining('"retryAfter":1')])
        await new Promise((again) => setTimeout(again, 1000))
      }
      throw new Error(`not resumed at ${seq}`)
    }
    const resumeAtBoth = (seq: number) => resumed.push(resume(here, seq), resume(there, seq))
    resumeAtBoth(0)
    for (let frame = await first.next(); frame !== undefined; frame = await first.next()) {
      if (frame.event === "message") resumeAtBoth(frame.seq!)
    }
    const whole = textOfBytes(first)
    expect(whole).toContain("event: done")
    const rest = (seq: number) =>
      seq === 0
        ? whole
        : `: open\nid: ${first.runId}:${seq}\n${whole.slice(whole.indexOf(`id: ${first.runId}:${seq + 1}\n`))}`
    expect(resumed.length).toBe(1002)
    for (const [seq, got] of await Promise.all(resumed)) expect(got).toBe(rest(seq))
    for (let seq = 0; seq <= 500; seq++) {
      for (const [, got] of await Promise.all([resume(here, seq), resume(there, seq)])) {
        expect(got).toBe(rest(seq))
      }
    }
  }, 120_000)

  it("resume a run by a POST with Last-Event-ID at the other replica, with its record", async () => {
    const first = await here.start(slow(40, 50))
    await first.until(({ seq }) => seq === 3)
    const again = await there.start("anything", { "last-event-id": `${first.runId}:3` })
    expect(again.runId).toBe(first.runId)
    expect((await there.json("GET", `/api/v1/chat/runs/${first.runId}`)).data.status).toBe("running")
    await Promise.all([first.rest(), again.rest()])
    expect(events(again.frames)).toEqual(events(first.frames).slice(3))
  })

  it("keep a run alive while a reader at the other replica reads it, and end it once that reader leaves", async () => {
    const first = await here.start(slow(1000, 50))
    await first.until(({ seq }) => seq === 2)
    const second = await there.events(first.runId)
    await second.until(({ seq }) => seq === 2)
    first.leave()
    // 6 s: longer than the grace and every time limit of its replica.
    await second.until(({ seq }) => seq === 120)
    second.leave()
    const ended = await eventually(async () => {
      const { data } = await there.json("GET", `/api/v1/chat/runs/${first.runId}`)
      return data.status !== "running" && data
    }, 15)
    expect(ended.status).toBe("cancelled")
  })

  it("cancel a run through the other replica, record it once, and end the readers at both", async () => {
    const first = await here.start(slow(1000, 50))
    await first.until(({ seq }) => seq === 3)
    const second = await there.events(first.runId)
    await second.until(({ seq }) => seq === 3)
    const cancel = () => there.json("POST", `/api/v1/chat/runs/${first.runId}/cancel`)
    expect(await cancel()).toEqual({ success: true, data: { runId: first.runId, cancelled: true } })
    await Promise.all([first.rest(), second.rest()])
    expect(first.frames.at(-1)).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
    expect(textOfBytes(second)).toBe(textOfBytes(first))
    expect(await cancel()).toEqual({ success: true, data: { runId: first.runId, cancelled: false } })
  })

  it("cancel the running run of a session through the other replica", async () => {
    const first = await here.start(slow(1000, 50))
    await first.until(({ seq }) => seq === 3)
    const { runId, sessionId } = first
    const path = `/api/v1/chat/sessions/${sessionId}`
    const running = (await there.json("GET", path)).data
    expect([running.status, running.activeRunId]).toEqual(["running", runId])
    const cancel = () => there.json("POST", `${path}/cancel`)
    expect(await cancel()).toEqual({ success: true, data: { sessionId, runId, cancelled: true } })
    await first.rest()
    expect(first.frames.at(-1)).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
    expect(await cancel()).toEqual({ success: true, data: { sessionId, runId: null, cancelled: false } })
  })

  it("E2: without Redis a run continues for its own readers, is 503 elsewhere, and is complete later", async () => {
    const first = await here.start(slow(400, 25))
    await first.until(({ seq }) => seq === 5)
    const second = await there.events(first.runId)
    await second.until(({ seq }) => seq === 5)
    await redis.stop()
    await first.until(({ seq }) => seq === 40)
    const path = `/api/v1/chat/runs/${first.runId}`
    for (const [method, what] of [
      ["GET", "/events"],
      ["POST", "/cancel"],
    ] as const) {
      const refused = await there.request(method, path + what)
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"])
      expect(await refused.json()).toMatchObject({ success: false, error: { code: "OVERLOADED" } })
    }
    const turn = await (await there.start("a turn of its own")).rest()
    expect(turn.at(-1)?.event).toBe("done")
    redis = await startRedis(redis.port)
    const third = await eventually(async () => {
      const stream = await there.events(first.runId, { "last-event-id": `${first.runId}:40` })
      if (stream.response.status === 200) return stream
      stream.leave()
      return undefined
    }, 10)
    await Promise.all([first.rest(), second.rest(), third.rest()])
    expect(first.frames.at(-1)?.event).toBe("done")
    expect(textOfBytes(second)).toBe(textOfBytes(first))
    expect(events(third.frames)).toEqual(events(first.frames).slice(40))
    expect(textOf(second.frames)).toBe(textOf(first.frames))
  }, 60_000)

  it("D1: if a run's replica is killed, readers at the other replica get all the events so far and then the error", async () => {
    const first = await here.start(slow(1000, 20))
    await first.until(({ seq }) => seq === 3)
    const second = await there.events(first.runId)
    await second.until(({ seq }) => seq === 30)
    const seen = first.frames.length
    await gateways[0]!.stop("SIGKILL")
    await first.rest().catch(() => undefined)
    const last = events(first.frames).at(-1)!.seq!
    expect(last).toBeGreaterThanOrEqual(seen)
    // Its successor, or the remaining replica, marks its unfinished runs.
    const [survivor, successor] = [gateways[1]!, await startGateway(env)]
    gateways = [successor, survivor]
    here = new Client(successor.url, here.token)
    await second.rest()
    const numbers = events(second.frames).map(({ seq }) => seq)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    const told = { event: "error", data: { code: "RUN_INTERRUPTED", recoverable: true } }
    expect(second.frames.at(-1)).toMatchObject(told)
    for (const client of [here, there]) {
      const back = await client.events(first.runId, { "last-event-id": `${first.runId}:${last}` })
      const rest = events(await back.rest())
      expect(rest.at(-1)).toMatchObject(told)
      // Beyond the stored events the number of the end is unknown: it is the highest one.
      const missed = rest.slice(0, -1).map(({ seq }) => seq)
      expect(missed).toEqual(missed.map((_, index) => last + 1 + index))
      expect([last + 1 + missed.length, highestSeq]).toContain(rest.at(-1)?.seq)
    }
  }, 60_000)
})

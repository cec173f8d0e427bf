import { describe, expect, it, vi } from "vitest"
import { Client, eventually, type Stream, tokenFor } from "../support/chatClient.ts"
import {
  childrenOf,
  exists,
  goneSoon,
  hasServices,
  metricsOf,
  sumOf,
  useServices,
  workersIn,
} from "../support/workers.ts"

// Each test starts three or four processes.
vi.setConfig({ testTimeout: 120_000 })

const slow = (count: number, delay_ms: number) => ({ scenario: "slow", count, delay_ms })
const numbersIn = (output: string, pattern: RegExp) =>
  new Set([...output.matchAll(pattern)].map(([, n]) => n))

describe.skipIf(!hasServices)("a service with several workers", () => {
  const services = useServices()

  it("answers turns in all workers, announces itself once, and shows the sum of their metrics on one page", async () => {
    const service = await services.start(3)
    expect(childrenOf(service.pid).length).toBe(3)
    const client = new Client(service.url, await tokenFor())
    const turns = Array.from({ length: 24 }, async () => (await client.start(slow(5, 50))).rest())
    for (const frames of await Promise.all(turns)) expect(frames.at(-1)?.event).toBe("done")
    const output = service.output()
    expect(output.match(/listens on/g)).toHaveLength(1)
    expect(output).toContain("PostgreSQL, 3 workers")
    expect(numbersIn(output, /turn ended worker=(\d)/g)).toEqual(new Set(["1", "2", "3"]))
    for (let page = 0; page < 3; page++) {
      const samples = await metricsOf(service.url)
      expect(sumOf(samples, "crossfade_turns_total")).toBe(24)
      expect(sumOf(samples, "crossfade_turn_duration_ms_count")).toBe(24)
      expect(workersIn(samples)).toEqual(["1", "2", "3"])
      expect(sumOf(samples, "crossfade_worker_restarts_total")).toBe(0)
    }
    await service.stop()
    expect(await service.exited).toBe(0)
  })

  it("reads, resumes and cancels a run at any worker", async () => {
    const service = await services.start(2)
    const client = new Client(service.url, await tokenFor())
    const first = await client.start(slow(1000, 50))
    await first.until(({ seq }) => seq === 3)
    const readers = await Promise.all(
      Array.from({ length: 5 }, () => client.events(first.runId, { "last-event-id": `${first.runId}:1` })),
    )
    for (const reader of readers) expect((await reader.next())?.seq).toBe(2)
    const open = (await metricsOf(service.url)).filter(({ name }) => name === "crossfade_streams_open")
    expect(open.map(({ labels }) => labels["worker"])).toEqual(["1", "2"])
    expect(open.every(({ value }) => value >= 1)).toBe(true)
    expect(sumOf(open, "crossfade_streams_open")).toBe(6)
    // Each answer has a connection of its own, so the workers take turns.
    const cancel = async () => (await client.json("POST", `/api/v1/chat/runs/${first.runId}/cancel`)).data
    expect(await cancel()).toMatchObject({ cancelled: true })
    expect(await cancel()).toMatchObject({ cancelled: false })
    for (const reader of [first, ...readers]) {
      const last = (await reader.rest()).at(-1)
      expect(last).toMatchObject({ event: "error", data: { code: "EXECUTION_CANCELLED" } })
    }
    await service.stop()
  })

  it("replaces a worker that is killed, loses no acknowledged turn, and no counter goes backwards", async () => {
    const service = await services.start(3)
    const client = new Client(service.url, await tokenFor())
    const load = { over: false }
    const acknowledged: Array<Stream> = []
    const user = async () => {
      while (!load.over) {
        const stream = await client.start(slow(5, 50)).catch(() => undefined)
        if (stream?.response.status !== 200) continue
        acknowledged.push(stream)
        await stream.rest().catch(() => [])
      }
    }
    const users = Promise.all(Array.from({ length: 12 }, user))
    await eventually(async () => acknowledged.length > 40)
    const before = await metricsOf(service.url)
    const victim = childrenOf(service.pid)[1]!
    process.kill(victim, "SIGKILL")
    let turns = sumOf(before, "crossfade_turns_total")
    await eventually(async () => {
      const now = await metricsOf(service.url)
      expect(sumOf(now, "crossfade_turns_total")).toBeGreaterThanOrEqual(turns)
      turns = sumOf(now, "crossfade_turns_total")
      return sumOf(now, "crossfade_worker_restarts_total") === 1 && workersIn(now).length === 3
    }, 20)
    load.over = true
    await users
    expect(service.output()).toMatch(
      /WARN .*worker 2 \(process \d+\) was ended by SIGKILL; the next one starts in 500 ms/,
    )
    for (const { runId, sessionId } of acknowledged) {
      const ended = await eventually(async () => {
        const { data } = await client.json("GET", `/api/v1/chat/runs/${runId}`)
        return data.status !== "running" && data
      }, 20)
      expect(["completed", "interrupted"]).toContain(ended.status)
      const { messages } = (await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data
      expect(messages[0]).toMatchObject({ role: "user", runId })
    }
    await service.stop()
  })

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "drains all workers by %s, also if each worker gets the signal too, and ends with 0",
    async (signal) => {
      const service = await services.start(2, { SHUTDOWN_GRACE_MS: "8000" })
      const workers = childrenOf(service.pid)
      const client = new Client(service.url, await tokenFor())
      const [short, endless] = await Promise.all([
        Promise.all(Array.from({ length: 6 }, () => client.start(slow(15, 100)))),
        client.start(slow(1000, 50)),
      ])
      await Promise.all([...short, endless].map((stream) => stream.until(({ seq }) => seq === 2)))
      for (const pid of workers) process.kill(pid, signal)
      const stopped = service.stop(signal)
      await eventually(async () => {
        const ready = await client.request("GET", "/api/v1/health/ready").catch(() => undefined)
        return ready?.status === 503
      })
      // A worker without runs leaves early, and closes the connections that it had.
      const late = await eventually(() => client.start("too late").catch(() => undefined))
      expect([late.response.status, late.response.headers.get("retry-after")]).toEqual([503, "1"])
      const second = await eventually(async () => {
        const stream = await client.events(endless.runId).catch(() => undefined)
        return stream?.response.status === 200 && stream
      })
      for (const stream of short) expect((await stream.rest()).at(-1)?.event).toBe("done")
      const cut = { event: "error", data: { code: "RUN_INTERRUPTED", recoverable: true } }
      expect((await endless.rest()).at(-1)).toMatchObject(cut)
      const end = (await second.rest()).at(-1)
      expect(["RUN_INTERRUPTED", "SHUTTING_DOWN"]).toContain(end?.data.code)
      await stopped
      expect(await service.exited).toBe(0)
      expect(workers.filter(exists)).toEqual([])
      expect(service.output().match(/stopping:/g)).toHaveLength(2)
    },
  )

  it("drains and replaces one worker that gets SIGTERM alone", async () => {
    const service = await services.start(2)
    const client = new Client(service.url, await tokenFor())
    const streams = await Promise.all([client.start(slow(20, 100)), client.start(slow(20, 100))])
    await Promise.all(streams.map((stream) => stream.until(({ seq }) => seq === 2)))
    process.kill(childrenOf(service.pid)[0]!, "SIGTERM")
    for (let turn = 0; turn < 10; turn++) {
      const frames = await eventually(async () => {
        const stream = await client.start(slow(1, 10))
        // On a connection that the stopping worker has already.
        if (stream.response.status === 503) return undefined
        return stream.rest()
      })
      expect(frames.at(-1)?.event).toBe("done")
    }
    for (const stream of streams) expect((await stream.rest()).at(-1)?.event).toBe("done")
    await eventually(
      async () => sumOf(await metricsOf(service.url), "crossfade_worker_restarts_total") === 1,
      20,
    )
    expect(service.output()).toContain("ended with code 0; the next one starts in 500 ms")
    await service.stop()
  })

  it("leaves no worker behind when the primary is killed: running turns end first", async () => {
    const service = await services.start(2)
    const workers = childrenOf(service.pid)
    const client = new Client(service.url, await tokenFor())
    const streams = await Promise.all([client.start(slow(15, 100)), client.start(slow(15, 100))])
    await Promise.all(streams.map((stream) => stream.until(({ seq }) => seq === 2)))
    await service.stop("SIGKILL")
    for (const stream of streams) expect((await stream.rest()).at(-1)?.event).toBe("done")
    await goneSoon(workers)
  })

  it("ends all workers at once at a second Ctrl-C", async () => {
    const service = await services.start(2)
    const workers = childrenOf(service.pid)
    const client = new Client(service.url, await tokenFor())
    const stream = await client.start(slow(1000, 50))
    await stream.until(({ seq }) => seq === 2)
    process.kill(service.pid, "SIGINT")
    await eventually(async () => {
      if (!service.isAlive()) return true
      process.kill(service.pid, "SIGINT")
      return false
    })
    expect(await service.exited).toBe(130)
    await goneSoon(workers)
  })
})

import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { median } from "../bench/burst.ts"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { Collector } from "../support/collector.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "../support/processes.ts"
import { latest } from "../support/received.ts"

/** The long form: `AWAY_SECONDS=60`. */
const awaySeconds = Number(process.env["AWAY_SECONDS"] ?? 10)
const beforeSeconds = Math.min(awaySeconds, 10)
/** Few spans may wait for their export, so that an outage of seconds overflows them: about 100 arrive each second. */
const waiting = "256"
const users = 4
const message = JSON.stringify({ scenario: "slow", count: 5, delay_ms: 30 })

interface Turn {
  readonly beganAt: number
  readonly ms: number
  readonly end: string | undefined
}

interface Load {
  readonly turns: ReadonlyArray<Turn>
  readonly finish: () => Promise<void>
}

const megabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000))

/** Consecutive turns of several concurrent users, until it ends. */
const load = (client: Client): Load => {
  const turns: Array<Turn> = []
  const state = { over: false }
  const user = async () => {
    while (!state.over) {
      const [beganAt, began] = [Date.now(), performance.now()]
      const frames = await (await client.start(message)).rest()
      turns.push({ beganAt, ms: performance.now() - began, end: frames.at(-1)?.event })
    }
  }
  const working = Promise.all(Array.from({ length: users }, user))
  const finish = async () => {
    state.over = true
    await working
  }
  return { turns, finish }
}

const attempts = (collector: Collector): number =>
  latest(collector.points())
    .filter(({ name }) => name === "chat_execution_total")
    .reduce((sum, { value }) => sum + value, 0)

describe.skipIf(inject("collector") === undefined)("a collector that goes away under load", () => {
  const folders = [temporaryFolder(), temporaryFolder()]
  let collector: Collector
  let runtime: Running
  let token: string
  const gateways: Array<Running> = []
  /** Turns of all exporting processes so far. */
  let ended = 0
  beforeAll(async () => {
    collector = await Collector.start()
    runtime = await startPython()
    token = await tokenFor()
  })
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")))
    await runtime?.stop("SIGKILL")
    await collector?.stop()
    for (const folder of folders) folder.dispose()
  })

  const begin = async (folder: number, env: Readonly<Record<string, string>>): Promise<Running> => {
    const gateway = await startGateway({
      DATA_DIR: folders[folder]!.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime.url,
      CHAT_RUNTIME_PROBES: "false",
      ...env,
    })
    gateways.push(gateway)
    return gateway
  }
  const beginExporting = (env: Readonly<Record<string, string>> = {}) =>
    begin(0, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_METRIC_EXPORT_TIMEOUT: "1000",
      OTEL_BSP_SCHEDULE_DELAY: "500",
      OTEL_BSP_MAX_QUEUE_SIZE: waiting,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "64",
      OTEL_BLRP_MAX_QUEUE_SIZE: waiting,
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "64",
      ...env,
    })

  it.each([
    ["ended and started again", () => collector.down(), () => collector.up()],
    ["frozen", () => collector.signal("SIGSTOP"), () => collector.signal("SIGCONT")],
  ] as const)(
    "%s: no turn waits for it, buffers stay small, one line reports it, and export continues without a lost count",
    async (name, leave, comeBack) => {
      const gateway = await beginExporting()
      // Memory grows with the turns of the last minutes even without an export: this process gives the baseline.
      const silent = await begin(1, {})
      const [{ finish, turns }, other] = [gateway, silent].map(({ url }) => load(new Client(url, token))) as [
        Load,
        Load,
      ]
      await pause(beforeSeconds)
      const memoryBefore = [gateway, silent].map(({ pid }) => megabytes(pid))
      const leftAt = Date.now()
      await leave()
      await pause(awaySeconds)
      const grown = [gateway, silent].map(({ pid }, index) => megabytes(pid) - memoryBefore[index]!)
      const backAt = Date.now()
      await comeBack()
      await eventually(async () => collector.spans().some(({ startMs }) => startMs > backAt), 60)
      await Promise.all([finish(), other.finish()])

      expect(new Set(turns.map(({ end }) => end))).toEqual(new Set(["done"]))
      const times = (all: ReadonlyArray<Turn>, from: number, to: number) =>
        all.filter(({ beganAt, ms }) => beganAt >= from && beganAt + ms < to).map(({ ms }) => ms)
      const [before, away] = [times(turns, 0, leftAt), times(turns, leftAt, backAt)]
      const spansOfAway = collector
        .spans()
        .filter(({ endMs, kind }) => kind === "server" && endMs > leftAt && endMs < backAt)
      if (process.env["AWAY_SECONDS"] !== undefined) {
        const figure = (values: ReadonlyArray<number>) =>
          `${values.length} turns, median ${median(values).toFixed(0)} ms, longest ${Math.max(...values).toFixed(0)} ms`
        console.log(
          [
            `${name}: before ${figure(before)}; away ${figure(away)}`,
            `without telemetry meanwhile ${figure(times(other.turns, leftAt, backAt))}`,
            `memory grew by ${grown[0]!.toFixed(0)} MB, without telemetry by ${grown[1]!.toFixed(0)} MB`,
            `${spansOfAway.length} of the turns while away have a span`,
          ].join("\n  "),
        )
      }
      // A turn waits 150 ms for the runtime; one that waited for an export would take seconds.
      expect(median(away)).toBeLessThan(median(before) * 1.5)
      expect(Math.max(...away)).toBeLessThan(5000)
      expect(grown[0]! - grown[1]!).toBeLessThan(100)
      // A frozen collector has received the data and reads it later; an absent one has received nothing, and the
      // gateway kept little.
      expect(spansOfAway.length).toBeLessThan(name === "frozen" ? Infinity : away.length / 2)
      const lines = gateway.output().match(/telemetry could not be exported/g) ?? []
      expect(lines.length).toBeGreaterThan(0)
      expect(lines.length).toBeLessThanOrEqual(1 + Math.ceil((awaySeconds + 30) / 60))
      // Counts are cumulative and exported each second, so one late export loses nothing.
      ended += turns.length
      await expect.poll(() => attempts(collector), { timeout: 10_000 }).toBe(ended)
      await Promise.all([gateway.stop(), silent.stop()])
    },
    (awaySeconds + 120) * 1000,
  )

  it("frozen: a start does not wait for it, and a stop no longer than its limit", async () => {
    collector.signal("SIGSTOP")
    const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: "60000", OTEL_METRIC_EXPORT_TIMEOUT: "60000" }
    const gateway = await beginExporting({ ...patient, OTEL_METRIC_EXPORT_INTERVAL: "60000" })
    const stream = await new Client(gateway.url, token).start("hello")
    expect((await stream.rest()).at(-1)?.event).toBe("done")
    const began = performance.now()
    await gateway.stop()
    // Each signal has 3 s for its export, for any limit of a single export.
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(await gateway.exited).toBe(0)
  })
})

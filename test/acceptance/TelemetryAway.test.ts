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
/** So few spans wait for their export that an outage of seconds overflows them: about 150 come each second. */
const waiting = "256"
const users = 6
const message = JSON.stringify({ scenario: "slow", count: 5, delay_ms: 30 })

interface Turn {
  readonly beganAt: number
  readonly ms: number
  readonly end: string | undefined
}

const megabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000))

/** Turns one after the other, from several users at once, until it is over. */
const load = (client: Client) => {
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
  const folder = temporaryFolder()
  let collector: Collector
  let runtime: Running
  let gateway: Running
  let client: Client
  /** Turns of all processes so far. */
  let ended = 0
  beforeAll(async () => {
    collector = await Collector.start()
    runtime = await startPython()
    client = new Client("", await tokenFor())
  })
  const begin = async () => {
    gateway = await startGateway({
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: runtime.url,
      CHAT_RUNTIME_PROBES: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_METRIC_EXPORT_TIMEOUT: "1000",
      OTEL_BSP_SCHEDULE_DELAY: "500",
      OTEL_BSP_MAX_QUEUE_SIZE: waiting,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "64",
      OTEL_BLRP_MAX_QUEUE_SIZE: waiting,
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "64",
    })
    client = new Client(gateway.url, client.token)
  }
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    await runtime?.stop("SIGKILL")
    await collector?.stop()
    folder.dispose()
  })

  it.each([
    ["ended and started again", () => collector.down(), () => collector.up()],
    ["frozen", () => collector.signal("SIGSTOP"), () => collector.signal("SIGCONT")],
  ] as const)(
    "%s: no turn waits for it, little is held back, one line says so, and export goes on without a count lost",
    async (name, leave, comeBack) => {
      await begin()
      const { finish, turns } = load(client)
      await pause(beforeSeconds)
      const memoryBefore = megabytes(gateway.pid)
      const leftAt = Date.now()
      await leave()
      await pause(awaySeconds)
      const memoryAway = megabytes(gateway.pid)
      const backAt = Date.now()
      await comeBack()
      await eventually(async () => collector.spans().some(({ startMs }) => startMs > backAt), 60)
      await finish()

      expect(new Set(turns.map(({ end }) => end))).toEqual(new Set(["done"]))
      const times = (from: number, to: number) =>
        turns.filter(({ beganAt, ms }) => beganAt >= from && beganAt + ms < to).map(({ ms }) => ms)
      const [before, away] = [times(0, leftAt), times(leftAt, backAt)]
      const spansOfAway = collector
        .spans()
        .filter(({ endMs, kind }) => kind === "server" && endMs > leftAt && endMs < backAt)
      if (process.env["AWAY_SECONDS"] !== undefined) {
        const figure = (values: ReadonlyArray<number>) =>
          `${values.length} turns, median ${median(values).toFixed(0)} ms, longest ${Math.max(...values).toFixed(0)} ms`
        console.log(
          `${name}: before ${figure(before)}, ${memoryBefore.toFixed(0)} MB; away ${figure(away)}, ${memoryAway.toFixed(0)} MB; of the turns while away ${spansOfAway.length} have a span`,
        )
      }
      // A turn is 150 ms of waiting for the runtime; one that waited for an export would last seconds.
      expect(median(away)).toBeLessThan(median(before) * 1.5)
      expect(Math.max(...away)).toBeLessThan(5000)
      expect(memoryAway - memoryBefore).toBeLessThan(150)
      // What is frozen has taken what was sent, and reads it later; what is not there has taken nothing, and little was kept.
      expect(spansOfAway.length).toBeLessThan(name === "frozen" ? Infinity : away.length / 2)
      expect(gateway.output().match(/telemetry could not be exported/g)?.length).toBeLessThanOrEqual(
        1 + Math.ceil((awaySeconds + 30) / 60),
      )
      expect(gateway.output()).toContain("telemetry could not be exported")
      // Counts lose nothing: they are told from the start each time.
      await gateway.stop()
      ended += turns.length
      await eventually(async () => attempts(collector) === ended, 10)
    },
    (awaySeconds + 120) * 1000,
  )

  it("frozen: a stop does not wait for it longer than its limit, and a start not at all", async () => {
    collector.signal("SIGSTOP")
    await begin()
    expect((await (await client.start("hello")).rest()).at(-1)?.event).toBe("done")
    const began = performance.now()
    await gateway.stop()
    // Three signals, all at once, each with 3 s to go out.
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(await gateway.exited).toBe(0)
  })
})

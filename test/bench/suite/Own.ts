/** The lanes of the gateway alone: its monitor, its start, its store, its memory over time. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Request } from "../../../src/decision/ModeDecision.ts"
import { ModeService } from "../../../src/decision/ModeService.ts"
import { Rollout } from "../../../src/decision/Rollout.ts"
import { defaultAgentId } from "../../../src/domain/Agent.ts"
import { OrgId } from "../../../src/domain/Ids.ts"
import { Modes } from "../../../src/execution/Modes.ts"
import { Monitor } from "../../../src/monitoring/Monitor.ts"
import { scripted } from "../../execution/scripted.ts"
import { monitorSettings, orgId, sessionId } from "../../support/fixtures.ts"
import { memoryRolloutStore, rolloutDefaults } from "../../support/memoryRollout.ts"
import type { Running } from "../../support/processes.ts"
import { type Bench, orderOf } from "./Lanes.ts"
import { metric } from "./Measures.ts"
import { here, startBenchGateway } from "./Processes.ts"
import { memoryOf, reporting } from "./Reports.ts"
import { atMost, type Figure, ofRounds } from "./Result.ts"
import { deltas } from "./shape.ts"

const attempt = { orgId, mode: "direct_llm", outcome: "success", latencyMs: 900 } as const

/** Microseconds of one, averaged over `count`. */
const each = <E>(count: number, effect: Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    const began = performance.now()
    for (let index = 0; index < count; index++) yield* effect
    return ((performance.now() - began) * 1000) / count
  })

const orgs = Array.from({ length: 10_000 }, (_, index) => OrgId.make(`org-${index}`))

const asking = (org: OrgId): Request => ({
  orgId: org,
  sessionId,
  agentId: defaultAgentId,
  needsTools: false,
  messageLength: 5,
  headers: {},
  language: "en",
  cohort: null,
  awaitsAnswer: false,
  attachments: [],
})

/** The decision and the monitor as the service has them, over modes without calls. */
const deciding = ModeService.layer({ shadowSamePercent: 0 }).pipe(
  Layer.provide(Rollout.layer(rolloutDefaults({ defaultMode: "runtime_orchestrator" }))),
  Layer.provideMerge(Monitor.layer(monitorSettings)),
  Layer.provide([
    Modes.layer([scripted([], "runtime_orchestrator", "runtime"), scripted([], "direct_llm", "direct")]),
    memoryRolloutStore(),
  ]),
)

/** f: with few and with many records in the window, of one organisation and of ten thousand. */
export const monitoring = (): Promise<ReadonlyArray<Figure>> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const monitor = yield* Monitor
      const modes = yield* ModeService
      const recordOf = (org: OrgId) => monitor.record({ ...attempt, orgId: org })
      const record = recordOf(orgId)
      const decide = modes.decide(asking(orgId))
      yield* each(20_000, record)
      yield* each(20_000, decide)
      const few = { record: yield* each(20_000, record), decide: yield* each(20_000, decide) }
      yield* each(300_000, record)
      for (const org of orgs) yield* recordOf(org)
      const many = { record: yield* each(20_000, record), decide: yield* each(20_000, decide) }
      const figure = (what: string, value: number, limit: number): Figure =>
        atMost({ lane: "f", what, value, unit: "us" }, limit, " us")
      return [
        figure("record, 40 000 in the window of 1 org", few.record, 5),
        figure("record, 370 000 in the windows of 10 001 orgs", many.record, 5),
        figure("decide, 40 000 in the window of 1 org", few.decide, 20),
        figure("decide, 370 000 in the windows of 10 001 orgs", many.decide, 20),
      ]
    }).pipe(Effect.provide(deciding), Effect.orDie),
  )

const buildService = (): void => {
  execFileSync(join(here, "node_modules/.bin/vite"), ["build", "-c", "src/cli/vite.config.ts"], {
    cwd: here,
    stdio: ["ignore", "ignore", "inherit"],
  })
}

interface Start {
  readonly name: string
  readonly checkout?: string
  readonly program?: ReadonlyArray<string>
}

const startMs = async (upstreams: string, one: Start): Promise<number> => {
  const began = performance.now()
  const gateway = await startBenchGateway(upstreams, "runtime_orchestrator", {}, one)
  while ((await fetch(`${gateway.url}/api/v1/health/ready`)).status !== 200) {
    // Polled again at once.
  }
  const ms = performance.now() - began
  // Node writes the cache of compiled code as a process ends by itself.
  await gateway.stop("SIGTERM")
  await gateway.dispose()
  return ms
}

/** g: from the start of the process until it is ready for a turn, with compiled code of an earlier start. */
export const start = async (
  upstreams: string,
  rounds: number,
  before: Bench["before"],
): Promise<ReadonlyArray<Figure>> => {
  buildService()
  const starts: ReadonlyArray<Start> = [
    { name: "as built", program: ["dist/cli/main.js", "serve"] },
    { name: "from sources" },
    ...(before === undefined ? [] : [{ name: "from sources, before", checkout: before.checkout }]),
  ]
  const times = new Map(starts.map(({ name }) => [name, [] as Array<number>]))
  for (let round = 0; round < rounds + 1; round++)
    for (const one of starts) {
      const ms = await startMs(upstreams, one)
      // The first round writes the cache.
      if (round > 0) times.get(one.name)!.push(ms)
    }
  return starts.map(({ name }): Figure => {
    const figure = { lane: "g", what: `start to ready, ${name}`, unit: "ms", ...ofRounds(times.get(name)!) }
    return name === "as built" ? atMost(figure, 600, " ms") : figure
  })
}

/** h: the store's share of a turn; SQLite uses the gateway's own processor time. */
export const store = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const turns = 500
  const { url } = bench.runtime
  const series = ["crossfade_db_statement_ms_sum", "crossfade_db_statement_ms_count"]
  const look = () => Promise.all(series.map((one) => metric(url, one)))
  const before = await look()
  await bench.load.run({
    ...orderOf(bench, bench.runtime, "burst"),
    turns,
    concurrency: 8,
    parts: deltas.burst,
  })
  const [ms = 0, statements = 0] = (await look()).map((after, index) => (after - before[index]!) / turns)
  return [
    { lane: "h", what: "SQLite on a disk in memory, a turn", value: ms, unit: "ms" },
    { lane: "h", what: "statements a turn, those between turns with them", value: statements, unit: "" },
  ]
}

/**
 * i: the least heap after a full collection, in the first third and in the last. The first tenth of the turns is the warm-up:
 * code is compiled, and caches fill.
 */
export const soak = async (
  bench: Bench,
  upstreams: Running,
  turns: number,
): Promise<ReadonlyArray<Figure>> => {
  const gateway = await startBenchGateway(upstreams.url, "runtime_orchestrator", reporting("reportMemory"))
  const play = async (count: number) => {
    const sizes = { turns: Math.ceil(count), concurrency: 8, parts: deltas.burst }
    const { failed } = await bench.load.run({ ...orderOf(bench, gateway, "burst"), ...sizes })
    if (failed > 0) throw new Error(`${failed} turns of the soak failed`)
  }
  await play(turns / 10)
  const samples = 30
  const heap: Array<number> = []
  for (let sample = 0; sample < samples; sample++) {
    await play(turns / samples)
    heap.push((await memoryOf(gateway)).heapUsed / 1e6)
  }
  await gateway.dispose()
  const third = samples / 3
  const first = Math.min(...heap.slice(0, third))
  const last = Math.min(...heap.slice(-third))
  const value = last / first
  return [
    { lane: "i", what: `least heap, first third of ${turns} turns`, value: first, unit: "MB" },
    {
      lane: "i",
      what: "least heap, last third",
      value: last,
      unit: "MB",
      ratio: { to: "the first", value, target: "<= 1.05x", met: value <= 1.05 },
    },
  ]
}

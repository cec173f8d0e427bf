/**
 * The lane of open load: turns arrive at a rate, whether or not earlier ones have ended, and a latency counts from the
 * intended start. A closed load waits for a slow service and so measures its pauses once instead of for each turn that
 * would have arrived (coordinated omission).
 */
import type { Running } from "../../support/processes.ts"
import { arrivals, seeded } from "./Arrivals.ts"
import { crowd, disksHere, type OnDisk, startOnDisks } from "./Disks.ts"
import { type Bench, gateway, orderOf } from "./Lanes.ts"
import type { Report } from "./load.ts"
import { type Delay, delayOf, reporting } from "./Reports.ts"
import { atMost, type Figure, ofRounds } from "./Result.ts"
import { deltas } from "./shape.ts"
import { median, quantile, spread } from "./Statistics.ts"
import { race } from "./Turns.ts"

const shares = [0.5, 0.8]
/** At least 0.1 % of the turns of a run must be some turns. */
const seconds = 8

interface Run {
  readonly report: Report
  readonly delay: Delay
}

interface Series {
  readonly name: string
  readonly share: number
  readonly perSecond: number
  readonly runs: ReadonlyArray<Run>
}

const once = async (bench: Bench, running: Running, perSecond: number, round: number): Promise<Run> => {
  const times = arrivals(perSecond, seconds, seeded(round + 1))
  await delayOf(running)
  const sizes = { turns: times.length, concurrency: times.length, parts: deltas.burst, arrivals: times }
  const report = await bench.load.run({ ...orderOf(bench, running, "burst"), ...sizes })
  if (report.failed > 0) throw new Error(`${report.failed} of ${times.length} turns failed`)
  return { report, delay: await delayOf(running) }
}

const quantiles = [0.5, 0.99, 0.999]

const figuresOf = ({ name, perSecond, runs, share }: Series): ReadonlyArray<Figure> => {
  const load = `${name}, ${perSecond.toFixed(0)} a second (${share * 100} %)`
  const latency = (what: string, of: (report: Report) => ReadonlyArray<number>, at: number): Figure => ({
    lane: "n",
    what: `${what}, ${load}, p${at * 100}`,
    unit: "ms",
    value: quantile(
      runs.flatMap(({ report }) => of(report)),
      at,
    ),
    spread: spread(runs.map(({ report }) => quantile(of(report), at))),
    rounds: runs.length,
  })
  const loop = (part: string, of: (delay: Delay) => number): Figure => ({
    lane: "n",
    what: `event loop delay, ${load}, ${part}`,
    unit: "ms",
    ...ofRounds(runs.map(({ delay }) => of(delay))),
  })
  const isJudged = name === "5 ms" && share === 0.5
  const delays = [loop("p99 of timers", ({ timer }) => timer), loop("p99 of moments", ({ moment }) => moment)]
  return [
    ...quantiles.map((at) => latency("first content", ({ first }) => first, at)),
    ...quantiles.map((at) => latency("whole turn", ({ whole }) => whole, at)),
    ...delays.map((delay) => (isJudged ? atMost(delay, 5, " ms") : delay)),
    loop("longest", ({ longest }) => longest),
    latency("the load's own lateness", ({ late }) => late, 0.99),
  ]
}

const largestRates = async (bench: Bench, gateways: ReadonlyArray<OnDisk>) => {
  const contestants = gateways.map(({ name, running }) => ({
    ...gateway(bench, running, "burst", name),
    before: 600,
  }))
  const found = await race(bench.load, contestants, { rounds: 3, concurrency: crowd, parts: deltas.burst })
  return new Map(found.map(({ name, perSecond }) => [name, median(perSecond)]))
}

/** n: half and 80 % of the largest rate of the closed load, in memory and with slow syncs. */
export const openLoad = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const disks = disksHere().filter(({ name }) => name === "memory" || name === "5 ms")
  const gateways = await startOnDisks(bench, upstreams, disks, reporting("reportDelay"))
  const largest = await largestRates(bench, gateways)
  const series = gateways.flatMap(({ name, running }) =>
    shares.map((share) => ({
      ...{ name, running, share, perSecond: largest.get(name)! * share },
      runs: [] as Array<Run>,
    })),
  )
  for (let round = 0; round < Math.ceil(bench.rounds / 3); round++) {
    for (const { perSecond, running, runs } of series) runs.push(await once(bench, running, perSecond, round))
  }
  for (const { running } of gateways) await running.dispose()
  return series.flatMap(figuresOf)
}

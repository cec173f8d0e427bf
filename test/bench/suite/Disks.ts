/**
 * The lane of disks: the same turns with the data folder in memory, on this machine's disk, and with syncs that take
 * 2 ms and 5 ms longer. A sync of the store must not stop the streams.
 */
import { type DiskLane, diskLanes } from "../../support/disk/slowDisk.ts"
import type { Running } from "../../support/processes.ts"
import { type Bench, gateway } from "./Lanes.ts"
import { type Gateway, startBenchGateway } from "./Processes.ts"
import { atLeast, atMost, type Figure, ofRounds, ratioTo } from "./Result.ts"
import { deltas } from "./shape.ts"
import { firstContent, stallFree } from "./Streams.ts"
import { named, race } from "./Turns.ts"

/** Enough that many turns wait for the disk at the same time. */
export const crowd = 64

export const disksHere = (): ReadonlyArray<DiskLane> => {
  const { lanes, missing } = diskLanes()
  for (const reason of missing) console.error(`!!! DISKS ARE LEFT OUT: ${reason}`)
  return lanes
}

export interface OnDisk {
  /** As in the table. */
  readonly name: string
  readonly disk: DiskLane["name"]
  readonly running: Gateway
}

/** A gateway on each disk, and one of the other checkout if there is one. */
export const startOnDisks = async (
  { before }: Bench,
  upstreams: Running,
  disks: ReadonlyArray<DiskLane>,
  env: Readonly<Record<string, string>> = {},
): Promise<ReadonlyArray<OnDisk>> => {
  const versions = [
    { prefix: "", checkout: undefined },
    ...(before === undefined ? [] : [{ prefix: "before, ", checkout: before.checkout }]),
  ]
  const all: Array<OnDisk> = []
  for (const { checkout, prefix } of versions)
    for (const disk of disks) {
      const place = { folder: disk.folder().path, checkout }
      const settings = { ...disk.env, ...env }
      const running = await startBenchGateway(upstreams.url, "runtime_orchestrator", settings, place)
      all.push({ name: `${prefix}${disk.name}`, disk: disk.name, running })
    }
  return all
}

const rates = async (bench: Bench, gateways: ReadonlyArray<OnDisk>): Promise<ReadonlyArray<Figure>> => {
  const contestants = gateways.map(({ name, running }) => ({
    ...gateway(bench, running, "burst", name),
    before: 600,
  }))
  const found = await race(bench.load, contestants, {
    rounds: bench.rounds,
    concurrency: crowd,
    parts: deltas.burst,
  })
  const memory = named(found, "memory")
  return found.map((one): Figure => {
    const what = `turns a second at ${crowd} at once, ${one.name}`
    const figure = { lane: "m", what, unit: "", ...ofRounds(one.perSecond) }
    if (memory === undefined || one === memory) return figure
    const ratio = ratioTo("memory", one.perSecond, memory.perSecond)
    return { ...figure, ratio: one.name === "5 ms" ? atLeast(ratio, 0.8, "x") : ratio }
  })
}

const contents = async (
  bench: Bench,
  upstreams: Running,
  gateways: ReadonlyArray<OnDisk>,
): Promise<ReadonlyArray<Figure>> => {
  const addedBy = await firstContent(bench, upstreams, gateways)
  return gateways.flatMap(({ name }) =>
    [0.5, 0.99].map((share): Figure => {
      const what = `added time to first content, ${name}, p${share * 100}`
      const figure = { lane: "m", what, unit: "ms", ...addedBy(name, share) }
      return name === "5 ms" && share === 0.5 ? atMost(figure, 6.5, " ms") : figure
    }),
  )
}

const streams = async (bench: Bench, gateways: ReadonlyArray<OnDisk>): Promise<ReadonlyArray<Figure>> => {
  const contestants = gateways.map(({ name, running }) => gateway(bench, running, "paced", name))
  return [...(await stallFree(bench, contestants))].map(([name, rounds]): Figure => {
    const figure = { lane: "m", what: `streams without a stall, ${name}`, unit: "", ...ofRounds(rounds) }
    return name === "5 ms" ? atLeast(figure, 768, "") : figure
  })
}

/** m: turns, first content and streams on each disk. */
export const disks = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const gateways = await startOnDisks(bench, upstreams, disksHere())
  const figures = [
    ...(await rates(bench, gateways)),
    ...(await contents(bench, upstreams, gateways)),
    ...(await streams(bench, gateways)),
  ]
  for (const { running } of gateways) await running.dispose()
  return figures
}

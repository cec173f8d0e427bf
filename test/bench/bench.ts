/**
 * `npm run bench`: the gateway's cost beside the floor and beside other gateways, all on this machine, in
 * alternation. The results are ratios within one run; times depend on the machine. `--help` lists the options.
 */
import { writeFileSync } from "node:fs"
import { loadavg } from "node:os"
import { tokenFor } from "../support/chatClient.ts"
import { type Bench, burstTurns, directTurns, type Version, writtenTurns } from "./suite/Lanes.ts"
import { disks } from "./suite/Disks.ts"
import { flood } from "./suite/Flood.ts"
import * as Growth from "./suite/Growth.ts"
import { liveTurns } from "./suite/Live.ts"
import { machineNote } from "./suite/Machine.ts"
import { openLoad } from "./suite/Open.ts"
import { slowCommits } from "./suite/SlowCommits.ts"
import { help, type Options, optionsOf } from "./suite/Options.ts"
import * as Own from "./suite/Own.ts"
import { startPeers } from "./suite/Peers.ts"
import {
  type Gateway,
  Load,
  startBenchGateway,
  startDurableFloor,
  startFloor,
  startUpstreams,
} from "./suite/Processes.ts"
import { type Figure, table } from "./suite/Result.ts"
import * as Streams from "./suite/Streams.ts"
import { severalWorkers } from "./suite/Workers.ts"

const readOptions = (): Options => {
  try {
    return optionsOf(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exit(2)
  }
}

const { against: checkout, json, lanes: letters, quick, rounds, ...options } = readOptions()
if (options.help) {
  console.log(help)
  process.exit(0)
}
const loadBefore = loadavg()
const wantsAny = (some: string) => [...some].some((letter) => letters.includes(letter))

const started: Array<Gateway> = []
const own = async (gateway: Promise<Gateway>): Promise<Gateway> => {
  started.push(await gateway)
  return gateway
}

const upstreams = await startUpstreams()
const version = async (place: { readonly checkout?: string } = {}): Promise<Version> => ({
  runtime: await own(startBenchGateway(upstreams.url, "runtime_orchestrator", {}, place)),
  direct: await own(startBenchGateway(upstreams.url, "direct_llm", {}, place)),
})
const floor = {
  runtime: await startFloor(upstreams.url, "runtime"),
  model: await startFloor(upstreams.url, "model"),
}
const bench: Bench = {
  ...(await version()),
  load: await Load.start(),
  token: await tokenFor(),
  rounds,
  floor,
  durable: wantsAny("abd")
    ? {
        runtime: await own(startDurableFloor(upstreams.url, "runtime")),
        model: await own(startDurableFloor(upstreams.url, "model")),
      }
    : undefined,
  before: checkout === undefined ? undefined : { checkout, ...(await version({ checkout })) },
  peers: options.peers && wantsAny("ad") ? await startPeers(upstreams.url) : [],
}

const lanes: ReadonlyArray<readonly [string, () => Promise<ReadonlyArray<Figure>>]> = [
  ["a", () => burstTurns(bench)],
  ["b", () => writtenTurns(bench)],
  ["c", () => Streams.firstContents(bench, upstreams)],
  ["c", () => Streams.gaps(bench, upstreams)],
  ["c", () => Streams.stallFreeStreams(bench)],
  ["d", () => directTurns(bench)],
  ["m", () => disks(bench, upstreams)],
  ["n", () => openLoad(bench, upstreams)],
  ["o", () => severalWorkers(bench, upstreams)],
  ["p", () => slowCommits(bench, upstreams)],
  ["f", Own.monitoring],
  ["g", () => Own.start(upstreams.url, quick ? 3 : 7, bench.before)],
  ["h", () => Own.store(bench)],
  ["i", () => Own.soak(bench, upstreams, quick ? 3000 : 100_000)],
  ["j", () => Growth.streams(bench)],
  ["j", () => Growth.orgs(bench, upstreams, quick ? 1000 : 10_000)],
  ["k", () => flood(bench, upstreams)],
  ["e", () => Streams.idle(bench, upstreams, quick ? 2000 : 10_000)],
  ["l", () => liveTurns(bench, upstreams, quick ? [2000] : [2000, 10_000])],
]

const figures: Array<Figure> = []
for (const [letter, lane] of lanes) {
  if (!letters.includes(letter)) continue
  const began = performance.now()
  // A lane that fails costs its own figures, not those of the others.
  try {
    figures.push(...(await lane()))
  } catch (error) {
    process.exitCode = 1
    console.error(`!!! LANE ${letter} FAILED:`, error)
  }
  console.error(`lane ${letter}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
}
bench.load.stop()
for (const { running } of bench.peers) await running.stop()
for (const gateway of started) await gateway.dispose()
for (const running of [floor.runtime, floor.model, upstreams]) await running.stop("SIGKILL")

console.log(`${machineNote(loadBefore)}\n`)
console.log(table(figures))
if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`)
process.exit()

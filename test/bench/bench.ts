/**
 * `npm run bench`: the gateway's cost beside the floor and beside other gateways, all on this machine, in
 * alternation. The results are ratios within one run; times depend on the machine. `--quick` takes fewer rounds,
 * `--lanes abc` some lanes only, `--json FILE` stores the figures.
 */
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { tokenFor } from "../support/chatClient.ts"
import { type Bench, burstTurns, directTurns, writtenTurns } from "./suite/Lanes.ts"
import { flood } from "./suite/Flood.ts"
import * as Growth from "./suite/Growth.ts"
import { liveTurns } from "./suite/Live.ts"
import * as Own from "./suite/Own.ts"
import { startPeers } from "./suite/Peers.ts"
import { Load, startBenchGateway, startDurableFloor, startFloor, startUpstreams } from "./suite/Processes.ts"
import { type Figure, table } from "./suite/Result.ts"
import * as Streams from "./suite/Streams.ts"

const help = `npm run bench -- [options]

  --quick           fewer rounds and smaller lanes: 4 minutes instead of 25
  --lanes LETTERS   these lanes only
  --rounds N        rounds of the lanes that alternate (9; 3 with --quick)
  --against FOLDER  also the gateway of another checkout, in alternation with this one (lanes a, b, c, d)
  --no-peers        without the gateways of others
  --json FILE       stores the figures

  a  turns of a runtime, one burst          h  the store's share of a turn
  b  turns of a runtime, a write an event   i  heap over many turns
  c  first content, streams without a stall j  cost at many streams and organisations
  d  turns of a model                       k  memory of a flood
  e  memory of an idle stream
  f  monitor and decision
  g  start to ready`

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    lanes: { type: "string", default: "abcdefghijkl" },
    json: { type: "string" },
    rounds: { type: "string" },
    against: { type: "string" },
    "no-peers": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const rounds = Number(values.rounds ?? (values.quick ? 3 : 9))
const wants = (lane: string) => values.lanes.includes(lane)

const upstreams = await startUpstreams()
const runtime = await startBenchGateway(upstreams.url, "runtime_orchestrator")
const direct = await startBenchGateway(upstreams.url, "direct_llm")
const checkout = values.against === undefined ? undefined : resolve(values.against)
const before =
  checkout === undefined
    ? undefined
    : {
        runtime: await startBenchGateway(upstreams.url, "runtime_orchestrator", {}, checkout),
        direct: await startBenchGateway(upstreams.url, "direct_llm", {}, checkout),
      }
const floor = {
  runtime: await startFloor(upstreams.url, "runtime"),
  model: await startFloor(upstreams.url, "model"),
}
const turnLanes = wants("a") || wants("b") || wants("d")
const durable = turnLanes
  ? {
      runtime: await startDurableFloor(upstreams.url, "runtime"),
      model: await startDurableFloor(upstreams.url, "model"),
    }
  : undefined
const peers = values["no-peers"] ? [] : wants("a") || wants("d") ? await startPeers(upstreams.url) : []
const load = await Load.start()
const bench: Bench = { load, token: await tokenFor(), rounds, floor, durable, runtime, direct, before, peers }

const lanes: ReadonlyArray<readonly [string, () => Promise<ReadonlyArray<Figure>>]> = [
  ["a", () => burstTurns(bench)],
  ["b", () => writtenTurns(bench)],
  ["c", () => Streams.firstContents(bench, upstreams)],
  ["c", () => Streams.gaps(bench, upstreams)],
  ["c", () => Streams.stallFreeStreams(bench)],
  ["d", () => directTurns(bench)],
  ["f", Own.monitoring],
  ["g", () => Own.start(upstreams.url, values.quick ? 3 : 7)],
  ["h", () => Own.store(bench)],
  ["i", () => Own.soak(bench, upstreams, values.quick ? 3000 : 100_000)],
  ["j", () => Growth.streams(bench)],
  ["j", () => Growth.orgs(bench, upstreams, values.quick ? 1000 : 10_000)],
  ["k", () => flood(bench, upstreams)],
  ["e", () => Streams.idle(bench, upstreams, values.quick ? 2000 : 10_000)],
  ["l", () => liveTurns(bench, upstreams, values.quick ? [2000] : [2000, 10_000])],
]

const figures: Array<Figure> = []
for (const [name, lane] of lanes) {
  if (!wants(name)) continue
  console.error(`lane ${name} ...`)
  figures.push(...(await lane()))
}
load.stop()
for (const { running } of peers) await running.stop("SIGKILL")
const gateways = [
  runtime,
  direct,
  ...[before, durable].flatMap((both) => (both === undefined ? [] : Object.values(both))),
]
await Promise.all(gateways.map((one) => one.dispose()))
await Promise.all([floor.runtime, floor.model, upstreams].map((running) => running.stop("SIGKILL")))

console.log(
  `Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model ?? "?"}; all processes share them.\n`,
)
console.log(table(figures))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
process.exit(0)

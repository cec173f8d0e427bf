/** The lanes of whole turns: the cost of one beside the floor, an earlier gateway and the peers. */
import { defaultAgent } from "../../support/chatClient.ts"
import type { Running } from "../../support/processes.ts"
import { type Peer, peerBody } from "./Peers.ts"
import type { Load } from "./Processes.ts"
import { atLeast, atMost, type Figure, ofRounds, ratioTo } from "./Result.ts"
import { deltas } from "./shape.ts"
import { type Contestant, type Measured, named, race } from "./Turns.ts"

/** The gateway in both of its modes. */
export interface Version {
  readonly runtime: Running
  readonly direct: Running
}

export interface Bench extends Version {
  readonly load: Load
  readonly token: string
  readonly rounds: number
  readonly floor: { readonly runtime: Running; readonly model: Running }
  /** The gateway of another checkout. */
  readonly before?: Version | undefined
  readonly peers: ReadonlyArray<Peer>
}

type Shape = "burst" | "writes" | "paced"
const sizes = ({ rounds }: Bench) => ({ rounds, concurrency: 8, parts: deltas.burst })

export const orderOf = ({ token }: Bench, { url }: Running, shape: string) => ({
  url,
  path: "/api/v1/chat/start",
  headers: { authorization: `Bearer ${token}` },
  body: { agentId: defaultAgent, message: shape },
})

export const floorOrder = ({ url }: Running, shape: string) => ({
  url,
  path: "/",
  headers: {},
  body: { message: shape },
})

export const gateway = (bench: Bench, running: Running, shape: Shape, name = "gateway"): Contestant => ({
  name,
  pid: running.pid,
  order: orderOf(bench, running, shape),
  turns: 300,
})

/** The gateway, and the one of another checkout if there is one. */
const gateways = (bench: Bench, mode: keyof Version, shape: Shape): ReadonlyArray<Contestant> => {
  const { before } = bench
  const own = gateway(bench, bench[mode], shape)
  return before === undefined ? [own] : [own, gateway(bench, before[mode], shape, "gateway before")]
}

export const floor = (running: Running, shape: Shape): Contestant => ({
  name: "floor",
  pid: running.pid,
  order: floorOrder(running, shape),
  turns: 1000,
})

const cpu = "CPU a turn"

/** All beside the floor; the gateway beside its earlier self too. */
const costs = (lane: string, found: ReadonlyArray<Measured>, limit: number): ReadonlyArray<Figure> => {
  const floor = named(found, "floor")!
  const before = named(found, "gateway before")
  const rows = found.map((one): Figure => {
    const figure = { lane, what: `${cpu}, ${one.name}`, unit: "ms", ...ofRounds(one.cpu) }
    if (one === floor) return figure
    const ratio = ratioTo("the floor", one.cpu, floor.cpu)
    return { ...figure, ratio: one.name === "gateway" ? atMost(ratio, limit, "x") : ratio }
  })
  const own = named(found, "gateway")!
  if (before === undefined) return rows
  const ratio = ratioTo("the gateway before", own.cpu, before.cpu)
  return [...rows, { lane, what: `${cpu}, gateway`, unit: "ms", ...ofRounds(own.cpu), ratio }]
}

/** Peers always relay the model's wire. */
const peers = (bench: Bench): ReadonlyArray<Contestant> =>
  bench.peers.map(({ name, order, running, turns }) => ({
    name,
    pid: running.pid,
    order: { url: running.url, ...order, body: peerBody("burst") },
    turns,
  }))

const wanted: Readonly<Record<string, number>> = { LiteLLM: 50, Portkey: 5 }

const rates = (lane: string, found: ReadonlyArray<Measured>): ReadonlyArray<Figure> => {
  const own = named(found, "gateway")!
  return found.map((one): Figure => {
    const { name, perSecond } = one
    const figure = { lane, what: `turns a second, ${name}`, unit: "", ...ofRounds(perSecond) }
    if (one === own) return figure
    const ratio = ratioTo(`of ${name}'s are ours`, own.perSecond, perSecond)
    const limit = wanted[name]
    return { ...figure, ratio: limit === undefined ? ratio : atLeast(ratio, limit, "x") }
  })
}

/** a: the runtime writes all events at once; other gateways get the same text from a model. */
export const burstTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = [...gateways(bench, "runtime", "burst"), floor(bench.floor.runtime, "burst")]
  const found = await race(bench.load, [...own, ...peers(bench)], sizes(bench))
  return [...costs("a", found, 2.6), ...rates("a", found)]
}

/** b: the runtime writes one event after the other. */
export const writtenTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = [...gateways(bench, "runtime", "writes"), floor(bench.floor.runtime, "writes")]
  return costs("b", await race(bench.load, own, sizes(bench)), 1.8)
}

/** d: an OpenAI-compatible model, beside other gateways. */
export const directTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = [...gateways(bench, "direct", "burst"), floor(bench.floor.model, "burst")]
  const found = await race(bench.load, [...own, ...peers(bench)], sizes(bench))
  return [...costs("d", found, 2.6), ...rates("d", found)]
}

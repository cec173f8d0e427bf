/** The lanes of whole turns: the cost of one beside the floor, an earlier gateway and the peers. */
import { defaultAgent } from "../../support/chatClient.ts"
import type { Running } from "../../support/processes.ts"
import { type Peer, peerBody } from "./Peers.ts"
import type { Load } from "./Processes.ts"
import { atLeast, atMost, type Figure, ofRounds, type Ratio, ratioTo } from "./Result.ts"
import { deltas } from "./shape.ts"
import { type Contestant, type Measured, named, race } from "./Turns.ts"

/** The gateway in both of its modes. */
export interface Version {
  readonly runtime: Running
  readonly direct: Running
}

interface Floors {
  readonly runtime: Running
  readonly model: Running
}

export interface Bench extends Version {
  readonly load: Load
  readonly token: string
  readonly rounds: number
  readonly floor: Floors
  /** Floors that also store the rows of a turn. */
  readonly durable?: Floors | undefined
  /** The gateway of another checkout. */
  readonly before?: (Version & { readonly checkout: string }) | undefined
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
  // As many as the floors: V8 still compiles hot code after the first thousand.
  before: 3000,
})

export const floor = (running: Running, shape: Shape, name = "floor"): Contestant => ({
  name,
  pid: running.pid,
  order: floorOrder(running, shape),
  turns: 1000,
})

/** The gateway, the floors, and the gateway of another checkout if there is one. */
const contestants = (
  bench: Bench,
  mode: keyof Version,
  wire: keyof Floors,
  shape: Shape,
): ReadonlyArray<Contestant> => {
  const { before, durable, floor: bare } = bench
  return [
    gateway(bench, bench[mode], shape),
    ...(before === undefined ? [] : [gateway(bench, before[mode], shape, "gateway before")]),
    floor(bare[wire], shape),
    ...(durable === undefined ? [] : [floor(durable[wire], shape, "durable floor")]),
  ]
}

interface Limits {
  readonly floor: number
  readonly durable?: number
}

/** All beside the floor; the gateway beside the durable floor and its earlier self too. */
const costs = (lane: string, found: ReadonlyArray<Measured>, limits: Limits): ReadonlyArray<Figure> => {
  const own = named(found, "gateway")!
  const bare = named(found, "floor")!
  const row = (one: Measured, ratio?: Ratio): Figure => ({
    lane,
    what: `CPU a turn, ${one.name}`,
    unit: "ms",
    ...ofRounds(one.cpu),
    ...(ratio === undefined ? {} : { ratio }),
  })
  const beside = (base: string, limit?: number): ReadonlyArray<Figure> => {
    const other = named(found, base)
    if (other === undefined) return []
    const ratio = ratioTo(`the ${base}`, own.cpu, other.cpu)
    return [row(own, limit === undefined ? ratio : atMost(ratio, limit, "x"))]
  }
  const others = found.filter((one) => one !== own && one !== bare)
  return [
    ...beside("floor", limits.floor),
    ...beside("durable floor", limits.durable),
    ...beside("gateway before"),
    row(bare),
    ...others.map((one) => row(one, ratioTo("the floor", one.cpu, bare.cpu))),
  ]
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
  const own = contestants(bench, "runtime", "runtime", "burst")
  const found = await race(bench.load, [...own, ...peers(bench)], sizes(bench))
  return [...costs("a", found, { floor: 2.6, durable: 1.5 }), ...rates("a", found)]
}

/** b: the runtime writes one event after the other. */
export const writtenTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = contestants(bench, "runtime", "runtime", "writes")
  return costs("b", await race(bench.load, own, sizes(bench)), { floor: 1.8 })
}

/** d: an OpenAI-compatible model, beside other gateways. */
export const directTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = contestants(bench, "direct", "model", "burst")
  const found = await race(bench.load, [...own, ...peers(bench)], sizes(bench))
  return [...costs("d", found, { floor: 2.6 }), ...rates("d", found)]
}

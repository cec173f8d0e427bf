/** The lanes of whole turns: the cost of one beside the floor and the peers. */
import { defaultAgent } from "../../support/chatClient.ts"
import type { Running } from "../../support/processes.ts"
import { type Peer, peerBody } from "./Peers.ts"
import type { Load } from "./Processes.ts"
import type { Figure } from "./Result.ts"
import { deltas } from "./shape.ts"
import { type Contestant, type Measured, race } from "./Turns.ts"

export interface Bench {
  readonly load: Load
  readonly token: string
  readonly rounds: number
  readonly floor: { readonly runtime: Running; readonly model: Running }
  readonly runtime: Running
  readonly direct: Running
  readonly peers: ReadonlyArray<Peer>
}

type Shape = "burst" | "writes"
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

export const gateway = (bench: Bench, running: Running, shape: Shape): Contestant => ({
  name: "gateway",
  pid: running.pid,
  order: orderOf(bench, running, shape),
  turns: 300,
})

export const floor = (running: Running, shape: Shape): Contestant => ({
  name: "floor",
  pid: running.pid,
  order: floorOrder(running, shape),
  turns: 1000,
})

const toFloor = (
  lane: string,
  found: ReadonlyArray<Measured>,
  limit: number | undefined,
): ReadonlyArray<Figure> => {
  const base = found.find(({ name }) => name === "floor")!
  return found.map(({ cpu, cpuSpread, name }) => {
    const value = cpu / base.cpu
    const target =
      name === "gateway" && limit !== undefined ? { target: `<= ${limit}x`, met: value <= limit } : {}
    return {
      lane,
      what: `CPU a turn, ${name}`,
      value: cpu,
      unit: "ms",
      spread: cpuSpread,
      ...(name === "floor" ? {} : { ratio: { to: "the floor", value, ...target } }),
    }
  })
}

/** Peers always relay the model's wire. */
const peers = (bench: Bench): ReadonlyArray<Contestant> =>
  bench.peers.map(({ name, order, running, turns }) => ({
    name,
    pid: running.pid,
    order: { url: running.url, ...order, body: peerBody("burst") },
    turns,
  }))

const wanted: Readonly<Record<string, number>> = { LiteLLM: 2, Portkey: 1.5 }

const rates = (lane: string, found: ReadonlyArray<Measured>): ReadonlyArray<Figure> => {
  const own = found.find(({ name }) => name === "gateway")!
  return found.map(({ name, perSecond }) => {
    const value = own.perSecond / perSecond
    const limit = wanted[name]
    const target = limit === undefined ? {} : { target: `>= ${limit}x`, met: value >= limit }
    return {
      lane,
      what: `turns a second, ${name}`,
      value: perSecond,
      unit: "",
      ...(name === "gateway" ? {} : { ratio: { to: `of ${name}'s are ours`, value, ...target } }),
    }
  })
}

/** a: the runtime writes all events at once; other gateways get the same text from a model. */
export const burstTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = [gateway(bench, bench.runtime, "burst"), floor(bench.floor.runtime, "burst")]
  const found = await race(bench.load, [...own, ...peers(bench)], sizes(bench))
  return [...toFloor("a", found, 2), ...rates("a", found)]
}

/** b: the runtime writes one event after the other. */
export const writtenTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = [gateway(bench, bench.runtime, "writes"), floor(bench.floor.runtime, "writes")]
  return toFloor("b", await race(bench.load, own, sizes(bench)), 1.8)
}

/** d: an OpenAI-compatible model, beside other gateways. */
export const directTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = [gateway(bench, bench.direct, "burst"), floor(bench.floor.model, "burst")]
  const found = await race(bench.load, [...own, ...peers(bench)], sizes(bench))
  return [...toFloor("d", found, undefined), ...rates("d", found)]
}

/** The lanes of whole turns: what one costs beside the floor and the peers. */
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
const concurrency = 8

export const orderOf = ({ token }: Bench, { url }: Running, shape: string) => ({
  url,
  path: "/api/v1/chat/start",
  headers: { authorization: `Bearer ${token}` },
  body: { agentId: defaultAgent, message: shape },
})

const floorOrder = ({ url }: Running, shape: string) => ({
  url,
  path: "/",
  headers: {},
  body: { message: shape },
})

const gateway = (bench: Bench, running: Running, shape: Shape): Contestant => ({
  name: "gateway",
  pid: running.pid,
  order: orderOf(bench, running, shape),
  turns: 300,
})

const floor = (running: Running, shape: Shape): Contestant => ({
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

/** a: the runtime writes all events at once; b: one after the other. */
export const runtimeTurns = async (bench: Bench, lane: "a" | "b"): Promise<ReadonlyArray<Figure>> => {
  const shape = lane === "a" ? "burst" : "writes"
  const contestants = [gateway(bench, bench.runtime, shape), floor(bench.floor.runtime, shape)]
  const found = await race(bench.load, contestants, {
    rounds: bench.rounds,
    concurrency,
    parts: deltas.burst,
  })
  return toFloor(lane, found, lane === "a" ? 2 : 1.8)
}

const wanted: Readonly<Record<string, number>> = { LiteLLM: 2, Portkey: 1.5 }

/** d: an OpenAI-compatible model, beside the gateways of others. */
export const directTurns = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const peers = bench.peers.map(({ name, order, running }): Contestant => ({
    name,
    pid: running.pid,
    order: { url: running.url, ...order, body: peerBody("burst") },
    turns: 60,
  }))
  const contestants = [gateway(bench, bench.direct, "burst"), floor(bench.floor.model, "burst"), ...peers]
  const found = await race(bench.load, contestants, {
    rounds: bench.rounds,
    concurrency,
    parts: deltas.burst,
  })
  const own = found.find(({ name }) => name === "gateway")!
  const rates = found.map(({ name, perSecond }): Figure => {
    const value = own.perSecond / perSecond
    const limit = wanted[name]
    const target = limit === undefined ? {} : { target: `>= ${limit}x`, met: value >= limit }
    return {
      lane: "d",
      what: `turns a second, ${name}`,
      value: perSecond,
      unit: "",
      ...(name === "gateway" ? {} : { ratio: { to: `of ${name}'s are ours`, value, ...target } }),
    }
  })
  return [...toFloor("d", found, undefined), ...rates]
}

/**
 * The lane of costs that must not grow: a turn's cost with the number of concurrent streams and of known
 * organisations.
 */
import { tokenFor } from "../../support/chatClient.ts"
import type { Running } from "../../support/processes.ts"
import { type Bench, floor, gateway, orderOf } from "./Lanes.ts"
import { startBenchGateway } from "./Processes.ts"
import { atMost, type Figure, ofRounds, ratioTo } from "./Result.ts"
import { deltas } from "./shape.ts"
import { type Contestant, type Measured, named, race } from "./Turns.ts"

const limit = 1.3

const grown = (found: ReadonlyArray<Measured>, base: string, limited: boolean): ReadonlyArray<Figure> => {
  const least = named(found, base)!
  return found.map((one): Figure => {
    const figure = { lane: "j", what: `CPU a turn, ${one.name}`, unit: "ms", ...ofRounds(one.cpu) }
    if (one === least) return figure
    const ratio = ratioTo(base, one.cpu, least.cpu)
    return { ...figure, ratio: limited ? atMost(ratio, limit, "x") : ratio }
  })
}

/** The concurrency of the other lanes: enough that turns share rounds of the event loop, few enough that none waits. */
const usual = 8
const atOnce = [1, usual, 64, 512]

/**
 * j: concurrent bursts. A single turn pays for a whole round of the event loop, in any program; the floor shows this
 * cost.
 */
export const streams = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const { floor: floors, load, rounds, runtime } = bench
  const contestant = (who: string, one: Contestant, concurrency: number): Contestant => ({
    ...one,
    name: `${who}, ${concurrency} at once`,
    concurrency,
    turns: Math.max(one.turns, 2 * concurrency),
  })
  const own = atOnce.map((count) => contestant("gateway", gateway(bench, runtime, "burst"), count))
  const bare = atOnce.map((count) => contestant("floor", floor(floors.runtime, "burst"), count))
  const found = await race(load, [...own, ...bare], { rounds, concurrency: usual, parts: deltas.burst })
  return [
    ...grown(found.slice(0, own.length), `gateway, ${usual} at once`, true),
    ...grown(found.slice(own.length), `floor, ${usual} at once`, false),
  ]
}

/**
 * j: the turns of one organisation, and of many in alternation. Each in a gateway of its own, after the same number
 * of turns.
 */
export const orgs = async (
  bench: Bench,
  upstreams: Running,
  count: number,
): Promise<ReadonlyArray<Figure>> => {
  const { load, rounds } = bench
  const names = Array.from({ length: count }, (_, index) => `org-${index}`)
  const tokensOf = [[await tokenFor("org")], await Promise.all(names.map((name) => tokenFor(name)))]
  const gateways = await Promise.all(
    tokensOf.map(() => startBenchGateway(upstreams.url, "runtime_orchestrator")),
  )
  const contestants = tokensOf.map((tokens, index): Contestant => ({
    ...gateway(bench, gateways[index]!, "burst"),
    order: { ...orderOf(bench, gateways[index]!, "burst"), tokens },
    name: tokens.length === 1 ? "1 org" : `${tokens.length} orgs`,
    before: count,
  }))
  const found = await race(load, contestants, { rounds, concurrency: usual, parts: deltas.burst })
  await Promise.all(gateways.map((one) => one.dispose()))
  return grown(found, "1 org", true)
}

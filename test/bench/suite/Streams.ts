/** The lanes of streams: added latency, streams without a stall, memory of an idle stream. */
import type { Running } from "../../support/processes.ts"
import { type Bench, floor, gateway, orderOf } from "./Lanes.ts"
import type { Order } from "./load.ts"
import { residentKb } from "./Measures.ts"
import { Load, startBenchGateway } from "./Processes.ts"
import { atLeast, atMost, type Figure, ofRounds } from "./Result.ts"
import { deltas, paceMs } from "./shape.ts"
import { median, quantile, spread } from "./Statistics.ts"
import type { Contestant } from "./Turns.ts"

const bare = ({ url }: Running, shape: string) => ({
  url,
  path: "/api/v1/execute/stream",
  headers: {},
  body: { user_message: shape },
})

/** A gateway, and the name of it in the table. */
export interface Named {
  readonly name: string
  readonly running: Running
}

/** Milliseconds to the first part of each turn, by round. */
type Rounds = ReadonlyArray<ReadonlyArray<number>>

/** The tail comes from all rounds together, because one round has too few turns for it; its spread from each of them. */
const added = (through: Rounds, without: Rounds, share: number) => ({
  value: quantile(through.flat(), share) - quantile(without.flat(), share),
  spread: spread(through.map((own, round) => quantile(own, share) - quantile(without[round]!, share))),
  rounds: through.length,
})

/** The time that each gateway adds until the first part, one turn at a time. */
export const firstContent = async (
  bench: Bench,
  upstreams: Running,
  gateways: ReadonlyArray<Named>,
): Promise<(name: string, share: number) => ReturnType<typeof added>> => {
  const orders = [
    { name: "upstream", order: bare(upstreams, "writes") },
    ...gateways.map(({ name, running }) => ({ name, order: orderOf(bench, running, "writes") })),
  ]
  const first = new Map(orders.map(({ name }) => [name, [] as Array<ReadonlyArray<number>>]))
  for (let round = 0; round < bench.rounds + 1; round++) {
    for (const { name, order } of orders) {
      const report = await bench.load.run({ ...order, turns: 150, concurrency: 1, parts: deltas.burst })
      if (report.failed > 0) throw new Error(`${name}: ${report.failed} turns failed`)
      // The first round is the warm-up.
      if (round > 0) first.get(name)!.push(report.first)
    }
  }
  return (name, share) => added(first.get(name)!, first.get("upstream")!, share)
}

/** c: in memory. */
export const firstContents = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const earlier =
    bench.before === undefined ? [] : [{ name: "gateway before", running: bench.before.runtime }]
  const gateways = [{ name: "gateway", running: bench.runtime }, ...earlier]
  const addedBy = await firstContent(bench, upstreams, gateways)
  const limits = [
    [0.5, 1],
    [0.99, 2],
  ] as const
  return gateways.flatMap(({ name }) =>
    limits.map(([share, limit]): Figure => {
      const what = `added time to first content, ${name}, p${share * 100}`
      const figure = { lane: "c", what, unit: "ms", ...addedBy(name, share) }
      return name === "gateway" ? atMost(figure, limit, " ms") : figure
    }),
  )
}

/** c: the time that it adds to the longest gap of answers that are written every 20 ms. */
export const gaps = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const sizes = { turns: 64, concurrency: 32, parts: deltas.paced }
  const rounds: Array<number> = []
  for (let round = 0; round < Math.ceil(bench.rounds / 3); round++) {
    const own = (await bench.load.run({ ...orderOf(bench, bench.runtime, "paced"), ...sizes })).longestGap
    const upstream = (await bench.load.run({ ...bare(upstreams, "paced"), ...sizes })).longestGap
    rounds.push(quantile(own, 0.99) - quantile(upstream, 0.99))
  }
  return [{ lane: "c", what: "added to the longest gap at 32 streams, p99", unit: "ms", ...ofRounds(rounds) }]
}

const steps = [128, 256, 512, 768, 1024, 1280]
const stallMs = 10 * paceMs

/** The largest number of streams of which none stalls, and every event arrives. All processes share the machine. */
const stallFreeOnce = async ({ load }: Bench, name: string, order: Contestant["order"]): Promise<number> => {
  let most = 0
  for (const streams of steps) {
    const sizes = { turns: streams, concurrency: streams, parts: deltas.paced }
    const { failed, longestGap } = await load.run({ ...order, ...sizes })
    const worst = Math.max(...longestGap)
    console.error(
      `  ${name}, ${streams} streams: ${failed} failed, longest gap ${worst.toFixed(0)} ms, median ${median(longestGap).toFixed(0)} ms`,
    )
    if (failed > 0 || worst > stallMs) break
    most = streams
  }
  return most
}

export const stallFree = async (
  bench: Bench,
  contestants: ReadonlyArray<Pick<Contestant, "name" | "order">>,
): Promise<ReadonlyMap<string, ReadonlyArray<number>>> => {
  const found = new Map(contestants.map(({ name }) => [name, [] as Array<number>]))
  for (let round = 0; round < Math.ceil(bench.rounds / 3); round++) {
    for (const { name, order } of contestants) found.get(name)!.push(await stallFreeOnce(bench, name, order))
  }
  return found
}

/** c: in memory; the floor shows the limit of the machine. */
export const stallFreeStreams = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  const own = gateway(bench, bench.runtime, "paced")
  const found = await stallFree(bench, [own, floor(bench.floor.runtime, "paced")])
  return [...found].map(([name, rounds]): Figure => {
    const figure = { lane: "c", what: `streams without a stall, ${name}`, unit: "", ...ofRounds(rounds) }
    return name === own.name ? atLeast(figure, 1024, "") : figure
  })
}

/** e: readers of a silent run, in a fresh gateway without free heap that would hide their memory. */
export const idle = async (
  bench: Bench,
  upstreams: Running,
  streams: number,
): Promise<ReadonlyArray<Figure>> => {
  const gateway = await startBenchGateway(upstreams.url, "runtime_orchestrator")
  const holders = [await Load.start(), await Load.start()]
  const { body, headers, path, url } = orderOf(bench, gateway, "hang")
  const begun = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  const events = `/api/v1/chat/runs/${begun.headers.get("x-run-id")}/events`
  const hold = async (count: number): Promise<void> => {
    const order: Order = {
      url,
      path: events,
      headers,
      turns: count / holders.length,
      concurrency: 32,
      parts: 1,
      keep: "begun",
    }
    const reports = await Promise.all(holders.map((holder) => holder.run(order)))
    const failed = reports.reduce((sum, report) => sum + report.failed, 0)
    if (failed > 0) throw new Error(`${failed} of ${count} idle streams failed`)
    await new Promise((settled) => setTimeout(settled, 3000))
  }
  // The first streams pay for shared memory.
  await hold(streams / 10)
  const before = residentKb(gateway.pid)
  await hold(streams)
  const each = (residentKb(gateway.pid) - before) / streams
  for (const holder of holders) holder.stop()
  await gateway.dispose()
  return [
    atMost(
      { lane: "e", what: `memory of each of ${streams} idle streams`, value: each, unit: "KB" },
      40,
      " KB",
    ),
  ]
}

/** The lanes of streams: added latency, streams without a stall, memory of an idle stream. */
import type { Running } from "../../support/processes.ts"
import { type Bench, orderOf } from "./Lanes.ts"
import type { Order } from "./load.ts"
import { median, quantile, residentKb } from "./Measures.ts"
import { Load, startBenchGateway } from "./Processes.ts"
import type { Figure } from "./Result.ts"
import { deltas, paceMs } from "./shape.ts"

const bare = ({ url }: Running, shape: string) => ({
  url,
  path: "/api/v1/execute/stream",
  headers: {},
  body: { user_message: shape },
})

/** c: the time that the gateway adds until the first part, one turn at a time. */
export const firstContent = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const through: Array<number> = []
  const without: Array<number> = []
  const sizes = { turns: 60, concurrency: 1, parts: deltas.burst }
  for (let round = 0; round < bench.rounds + 1; round++) {
    const own = (await bench.load.run({ ...orderOf(bench, bench.runtime, "writes"), ...sizes })).first
    const upstream = (await bench.load.run({ ...bare(upstreams, "writes"), ...sizes })).first
    // The first round is the warm-up.
    if (round > 0) {
      through.push(...own)
      without.push(...upstream)
    }
  }
  const limits = [
    [0.5, 1],
    [0.99, 3],
  ] as const
  return limits.map(([share, limit]) => {
    const value = quantile(through, share) - quantile(without, share)
    const what = `added time to first content, p${share * 100}`
    return { lane: "c", what, value, unit: "ms", target: `<= ${limit} ms`, met: value <= limit }
  })
}

/** c: the time that it adds to the longest gap of answers that are written every 20 ms. */
export const gaps = async (bench: Bench, upstreams: Running): Promise<ReadonlyArray<Figure>> => {
  const sizes = { turns: 64, concurrency: 32, parts: deltas.paced }
  const own = (await bench.load.run({ ...orderOf(bench, bench.runtime, "paced"), ...sizes })).longestGap
  const upstream = (await bench.load.run({ ...bare(upstreams, "paced"), ...sizes })).longestGap
  const value = quantile(own, 0.99) - quantile(upstream, 0.99)
  return [{ lane: "c", what: "added to the longest gap at 32 streams, p99", value, unit: "ms" }]
}

const steps = [128, 256, 512, 768, 1024]
const stallMs = 10 * paceMs

/** c: the largest number of streams of which none stalls, and every event arrives. All processes share the machine. */
export const stallFree = async (bench: Bench): Promise<ReadonlyArray<Figure>> => {
  let most = 0
  for (const streams of steps) {
    const sizes = { turns: streams, concurrency: streams, parts: deltas.paced }
    const { failed, longestGap } = await bench.load.run({
      ...orderOf(bench, bench.runtime, "paced"),
      ...sizes,
    })
    const worst = Math.max(...longestGap)
    console.error(
      `  ${streams} streams: ${failed} failed, longest gap ${worst.toFixed(0)} ms, median ${median(longestGap).toFixed(0)} ms`,
    )
    if (failed > 0 || worst > stallMs) break
    most = streams
  }
  return [
    { lane: "c", what: "streams without a stall", value: most, unit: "", target: ">= 512", met: most >= 512 },
  ]
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
  const what = `memory of each of ${streams} idle streams`
  return [{ lane: "e", what, value: each, unit: "KB", target: "<= 40 KB", met: each <= 40 }]
}

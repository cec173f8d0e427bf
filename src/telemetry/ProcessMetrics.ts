/** Metrics of the process, read at collection, and the event loop's delay over the last minute. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { getHeapStatistics } from "node:v8"
import * as Loop from "./Loop.ts"
import { catalogue } from "./Metrics.ts"

/**
 * The histogram is read and reset at this interval; the last six reads are the last minute, independent of
 * collections.
 */
const lookEvery = "10 seconds"
const looks = 6
const resolutionMs = 20

interface Delay {
  readonly median: number
  readonly p99: number
  readonly longest: number
}

/** The worst of some reads; its median is the middle one's. */
const worst = (delays: ReadonlyArray<Delay>): Delay => ({
  median: delays.map(({ median }) => median).toSorted((a, b) => a - b)[delays.length >> 1] ?? 0,
  p99: Math.max(0, ...delays.map(({ p99 }) => p99)),
  longest: Math.max(0, ...delays.map(({ longest }) => longest)),
})

/** Node measures the time between two ticks of its timer, and returns NaN without one. */
const late = (nanoseconds: number): number => Math.max(0, (nanoseconds || 0) / 1e6 - resolutionMs)

const loopDelay = Effect.gen(function* () {
  const histogram = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const made = monitorEventLoopDelay({ resolution: resolutionMs })
      made.enable()
      return made
    }),
    (made) => Effect.sync(() => made.disable()),
  )
  const past: Array<Delay> = []
  const now = (): Delay => ({
    median: late(histogram.percentile(50)),
    p99: late(histogram.percentile(99)),
    longest: late(histogram.count === 0 ? 0 : histogram.max),
  })
  const look = Effect.sync(() => {
    past.push(now())
    if (past.length > looks) past.shift()
    histogram.reset()
  })
  yield* Loop.every("event_loop_delay", Schedule.spaced(lookEvery), look)
  const { observe } = catalogue.loopDelay
  yield* observe({ quantile: "0.5" }, () => worst([...past, now()]).median)
  yield* observe({ quantile: "0.99" }, () => worst([...past, now()]).p99)
  yield* observe({ quantile: "1" }, () => worst([...past, now()]).longest)
})

export const layer = (version: string): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      yield* loopDelay
      yield* catalogue.heapUsed.observe({}, () => getHeapStatistics().used_heap_size)
      yield* catalogue.heapLimit.observe({}, () => getHeapStatistics().heap_size_limit)
      yield* catalogue.memory.observe({}, () => process.memoryUsage.rss())
      yield* catalogue.cpu.observe({}, () => {
        const { system, user } = process.cpuUsage()
        return (system + user) / 1000
      })
      yield* catalogue.build.observe({ version, node: process.version }, () => 1)
    }),
  )

/**
 * Loaded into a measured process (`--import`). It measures how late the event loop runs a timer of a
 * millisecond. On SIGUSR2 it prints the 99th percentiles since the last report, as a line of JSON.
 */
import { createHistogram } from "node:perf_hooks"

const everyMs = 1
/** One value a timer, as Node's own `monitorEventLoopDelay`. */
const timers = createHistogram()
/** A stop also delays the timers that would have run during it: one value for each millisecond of the process. */
const moments = createHistogram()

const micros = (ms: number): number => Math.round(ms * 1000) + 1

const record = (lateMs: number): void => {
  timers.record(micros(lateMs))
  for (let late = lateMs; late >= 0; late -= everyMs) moments.record(micros(late))
}

let expected = performance.now() + everyMs
const tick = (): void => {
  const now = performance.now()
  record(Math.max(0, now - expected))
  expected = now + everyMs
  setTimeout(tick, everyMs).unref()
}
setTimeout(tick, everyMs).unref()

process.on("SIGUSR2", () => {
  const [timer, moment, longest] = [timers.percentile(99), moments.percentile(99), moments.max]
  console.log(
    `delay ${JSON.stringify({ timer: timer / 1000, moment: moment / 1000, longest: longest / 1000 })}`,
  )
  timers.reset()
  moments.reset()
})

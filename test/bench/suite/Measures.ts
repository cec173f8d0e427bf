/** Readings of processes, and statistics of many values. */
import { readdirSync, readFileSync } from "node:fs"

/** Processor time of all live threads, in milliseconds; Linux counts it in nanoseconds. */
export const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]))
    .reduce((sum, ns) => sum + ns, 0) / 1e6

const statusKb = (pid: number, name: "VmRSS" | "VmHWM"): number =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

export const residentKb = (pid: number): number => statusKb(pid, "VmRSS")

/** The largest resident size so far. */
export const peakResidentKb = (pid: number): number => statusKb(pid, "VmHWM")

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** The middle half of the values lies between these. */
export const spread = (values: ReadonlyArray<number>): readonly [number, number] => [
  quantile(values, 0.25),
  quantile(values, 0.75),
]

/** One figure of the gateway's own `/metrics`. */
export const metric = async (url: string, series: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split("\n").find((one) => one.startsWith(`${series} `) || one.startsWith(`${series}{`))
  return Number(line?.split(" ").at(-1) ?? Number.NaN)
}

/** Readings of processes. */
import { readdirSync, readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import type { Running } from "../../support/processes.ts"

const tasks = (pid: number): ReadonlyArray<string> => readdirSync(`/proc/${pid}/task`)

/** A task that ends between the list and its file counts as none. */
const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

/** The process and its descendants, as workers and their supervisors are. */
export const tree = (pid: number): ReadonlyArray<number> => [
  pid,
  ...tasks(pid)
    .flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(" "))
    .filter((child) => child.trim() !== "")
    .flatMap((child) => tree(Number(child))),
]

/** Processor time of all live threads of the process and its descendants, in milliseconds; Linux counts it in nanoseconds. */
export const cpuMs = (pid: number): number =>
  tree(pid)
    .flatMap((one) => tasks(one).map((task) => read(`/proc/${one}/task/${task}/schedstat`)))
    .map((line) => Number(line.split(" ")[0]))
    .reduce((sum, ns) => sum + ns, 0) / 1e6

const statusKb = (pid: number, name: "VmRSS" | "VmHWM"): number =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])

export const residentKb = (pid: number): number => statusKb(pid, "VmRSS")

/** The largest resident size so far. */
export const peakResidentKb = (pid: number): number => statusKb(pid, "VmHWM")

/** One figure of the gateway's own `/metrics`. */
export const metric = async (url: string, series: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split("\n").find((one) => one.startsWith(`${series} `) || one.startsWith(`${series}{`))
  return Number(line?.split(" ").at(-1) ?? Number.NaN)
}

/** The environment of a process whose memory `memoryOf` reads. */
export const reportsMemory = {
  NODE_OPTIONS: `--import=${new URL("../../support/reportMemory.ts", import.meta.url).href}`,
} as const

/** The memory of a process after a full collection. */
export const memoryOf = async ({ output, pid }: Running): Promise<NodeJS.MemoryUsage> => {
  const lines = () => output().match(/^memory .*$/gm) ?? []
  const before = lines().length
  process.kill(pid, "SIGUSR2")
  while (lines().length === before) await sleep(20)
  return JSON.parse(lines().at(-1)!.slice("memory ".length))
}

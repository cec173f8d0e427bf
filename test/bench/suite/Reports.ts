/** Reports of a measured process that loaded one of the `report*.ts` files. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Running } from "../../support/processes.ts"

export const reporting = (file: "reportMemory" | "reportDelay"): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${new URL(`./${file}.ts`, import.meta.url).href}`,
})

/** Sends the signal and waits for the line. */
const report = async ({ output, pid }: Running, name: string): Promise<string> => {
  const lines = () =>
    output()
      .split("\n")
      .filter((line) => line.startsWith(`${name} `))
  const before = lines().length
  process.kill(pid, "SIGUSR2")
  while (lines().length === before) await sleep(20)
  return lines().at(-1)!.slice(name.length)
}

export const memoryOf = async (running: Running): Promise<NodeJS.MemoryUsage> =>
  JSON.parse(await report(running, "memory"))

/** Milliseconds that the event loop was late since the last report. */
export interface Delay {
  /** The 99th percentile of all timers. */
  readonly timer: number
  /** The 99th percentile of all moments. A long stop is one timer, but many moments. */
  readonly moment: number
  readonly longest: number
}

export const delayOf = async (running: Running): Promise<Delay> => JSON.parse(await report(running, "delay"))

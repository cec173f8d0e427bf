/** A note about the machine, without which no figure can be judged. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { join } from "node:path"
import { diskLanes } from "../../support/disk/slowDisk.ts"
import { median, quantile } from "./Statistics.ts"

const syncs = 200

/** Milliseconds of a sync after a write of one page. */
const syncTimes = (folder: string): ReadonlyArray<number> => {
  const file = openSync(join(folder, "sync"), "w")
  const page = Buffer.alloc(4096, 1)
  const times = Array.from({ length: syncs }, () => {
    writeSync(file, page)
    const began = performance.now()
    fdatasyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return times
}

const syncNote = (): string => {
  const { lanes } = diskLanes()
  const folder = lanes.find(({ name }) => name === "this machine's disk")!.folder()
  const times = syncTimes(folder.path)
  folder.dispose()
  const memory = lanes.some(({ name }) => name === "memory") ? "in memory (tmpfs)" : "on this machine's disk"
  return `The data folders are ${memory} where no other disk is named. An fdatasync of this machine's disk takes ${median(times).toFixed(2)} ms (p99 ${quantile(times, 0.99).toFixed(2)} ms).`
}

export const machineNote = (loadBefore: ReadonlyArray<number>): string => {
  const load = (values: ReadonlyArray<number>) => values[0]!.toFixed(1)
  return [
    `Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model ?? "?"}; all processes share them.`,
    `Load average of the last minute: ${load(loadBefore)} at the start, ${load(loadavg())} at the end.`,
    syncNote(),
  ].join("\n")
}

/** The environment of a child process whose disk syncs slowly, and the disks that the bench compares. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { buildLibrary, cannotPreload } from "./preload.ts"

type Env = Readonly<Record<string, string>>

/**
 * Each sync of the process and of its children takes `micros` longer; 0 only counts. `countsFile` is one of
 * `countSyncs`. Throws if `cannotPreload` has a reason.
 */
export const slowDisk = (micros: number, countsFile?: string): Env => ({
  LD_PRELOAD: buildLibrary("slow"),
  SLOW_SYNC_US: String(micros),
  ...(countsFile === undefined ? {} : { SLOW_SYNC_COUNTS: countsFile }),
})

/** A file that counts the syncs of all processes that got its path. */
export const countSyncs = (path: string) => {
  writeFileSync(path, Buffer.alloc(16))
  // PostgreSQL counts too, and runs as a user of its own. The mode of a new file is cut by the umask.
  chmodSync(path, 0o666)
  return {
    path,
    syncs: (): number => Number(readFileSync(path).readBigUInt64LE(0)),
    delayedMicros: (): number => Number(readFileSync(path).readBigUInt64LE(8)),
  }
}

export interface DiskLane {
  readonly name: "memory" | "this machine's disk" | "2 ms" | "5 ms"
  /** The microseconds that each sync takes longer; 0 without a preloaded library. */
  readonly syncMicros: number
  readonly env: Env
  /** A new folder on this disk, for `DATA_DIR`. */
  readonly folder: () => { readonly path: string; readonly dispose: () => void }
}

/** https://man7.org/linux/man-pages/man2/statfs.2.html */
const tmpfsMagic = 0x01021994
const isInMemory = (folder: string): boolean =>
  process.platform === "linux" && existsSync(folder) && statfsSync(folder).type === tmpfsMagic

const inMemory = "/dev/shm"

/** A folder in memory, if the system has one, for many short-lived files. */
export const memoryFolder = (): string => (isInMemory(inMemory) ? inMemory : tmpdir())

/** The cache folder lies on a disk even where the folder for temporary files lies in memory. */
const onDisk = (): string => {
  if (!isInMemory(tmpdir())) return tmpdir()
  const cache = resolve(import.meta.dirname, "../../../.cache")
  mkdirSync(cache, { recursive: true })
  return cache
}

const newFolderIn = (parent: string) => () => {
  const path = mkdtempSync(join(parent, "crossfade-"))
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) }
}

/**
 * The lanes that this machine has, and the reasons for the others. The slow lanes lie in memory, so that the delay is
 * their whole sync.
 */
export const diskLanes = (): {
  readonly lanes: ReadonlyArray<DiskLane>
  readonly missing: ReadonlyArray<string>
} => {
  const disk: DiskLane = {
    name: "this machine's disk",
    syncMicros: 0,
    env: {},
    folder: newFolderIn(onDisk()),
  }
  if (!isInMemory(inMemory))
    return { lanes: [disk], missing: [`no tmpfs at ${inMemory}: no other disk lane`] }
  const memory: DiskLane = { name: "memory", syncMicros: 0, env: {}, folder: newFolderIn(inMemory) }
  const reason = cannotPreload()
  if (reason !== undefined) return { lanes: [memory, disk], missing: [`${reason}: no slow disks`] }
  const slow = (name: DiskLane["name"], syncMicros: number): DiskLane => ({
    name,
    syncMicros,
    env: slowDisk(syncMicros),
    folder: newFolderIn(inMemory),
  })
  return { lanes: [memory, disk, slow("2 ms", 2000), slow("5 ms", 5000)], missing: [] }
}

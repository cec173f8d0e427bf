/** Opens the images that crashes can leave, and returns the faults that they have. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { seeded } from "../../src/sandbox/Bytes.ts"
import { CrashDisk } from "../support/disk/crashDisk.ts"
import { type CrashPlan, nothing, plansFor } from "../support/disk/crashPlans.ts"
import type { Entry } from "../support/disk/journal.ts"
import { memoryFolder } from "../support/disk/slowDisk.ts"
import type { Claim } from "./claims.ts"
import { isRebuilt, readStored } from "./storedRows.ts"

export interface Crashes {
  readonly images: number
  /** Syncs that made changes durable: the moments of the crashes lie between them. */
  readonly moments: number
  /** At most `maxFaults`. */
  readonly faults: ReadonlyArray<string>
}

const maxFaults = 5
/** The other opened moments get only the image with nothing unsynced, which lacks the most. */
const allPlansEvery = 6
/** A full check of the indexes takes several times as long as the quick one. */
const thoroughEvery = 20

export interface Asked {
  readonly folder: string
  readonly entries: ReadonlyArray<Entry>
  readonly claims: ReadonlyArray<Claim>
  readonly seed: number
  /** One moment of so many is opened; those with unsynced changes of several files count apart. */
  readonly every: number
}

/**
 * Between two syncs, changes and acknowledgements only become more. So a crash just before a sync ends can leave each
 * image of an earlier crash, and must hold more: no other moments are needed.
 */
export const crash = (asked: Asked): Crashes => {
  const random = seeded(asked.seed)
  const disk = new CrashDisk(asked.folder)
  const faults: Array<string> = []
  let images = 0
  let moments = 0
  const opened = { log: 0, checkpoint: 0 }
  const at = (index: number) => {
    moments += 1
    const kind = disk.unsyncedFiles > 1 ? "checkpoint" : "log"
    const number = opened[kind]++
    if (number % asked.every !== 0) return
    const claims = asked.claims.filter((claim) => claim.at < index)
    const all = kind === "checkpoint" || number % (asked.every * allPlansEvery) === 0
    for (const plan of all ? plansFor(disk.pending.length, random) : [nothing]) {
      const found = faultsOf(asked.folder, disk, plan, claims, images % thoroughEvery === 0)
      faults.push(...found.map((fault) => `crash before entry ${index}, ${plan.name}: ${fault}`))
      images += 1
      if (faults.length >= maxFaults) return
    }
  }
  for (const [index, entry] of asked.entries.entries()) {
    if (entry.kind === "sync ended") at(index)
    if (faults.length >= maxFaults) break
    disk.apply(entry)
  }
  if (faults.length < maxFaults) at(asked.entries.length)
  return { images, moments, faults: faults.slice(0, maxFaults) }
}

const faultsOf = (
  folder: string,
  disk: CrashDisk,
  plan: CrashPlan,
  claims: ReadonlyArray<Claim>,
  thorough: boolean,
): ReadonlyArray<string> => {
  const image = mkdtempSync(join(memoryFolder(), "crossfade-crash-"))
  try {
    for (const [path, bytes] of disk.image(plan.partOf)) {
      if (isRebuilt(path)) continue
      const place = join(image, relative(folder, path))
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, bytes)
    }
    const { faults, rows } = readStored(image, thorough)
    return [...faults, ...claims.flatMap(({ holds, name }) => (holds(rows) ? [] : [`missing: ${name}`]))]
  } finally {
    rmSync(image, { recursive: true, force: true })
  }
}

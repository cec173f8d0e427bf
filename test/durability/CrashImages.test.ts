import { hash } from "node:crypto"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CrashDisk } from "../support/disk/crashDisk.ts"
import { everything } from "../support/disk/crashPlans.ts"
import { type Entry, readJournal } from "../support/disk/journal.ts"
import { cannotPreload } from "../support/disk/preload.ts"
import { type Claim, claimsOf, keyClaim, sentIn } from "./claims.ts"
import { crash } from "./crashes.ts"
import { RecordedLoad } from "./recordedLoad.ts"
import { filesOf, isRebuilt } from "./storedRows.ts"

const reason = cannotPreload()
if (reason !== undefined) console.warn(`!!! NO CRASH IMAGES, their tests are LEFT OUT: ${reason}`)

const seed = 18

/** The journal without the syncs of some files, as if the disk had ignored them. */
const withoutSyncs = (entries: ReadonlyArray<Entry>, suffix: string, from: number) => {
  const paths = new Map<number, string>()
  return entries.map((entry, at): Entry => {
    if (entry.kind === "opened") paths.set(entry.fd, entry.path)
    const ignored = entry.kind === "sync ended" && at >= from && paths.get(entry.fd)?.endsWith(suffix)
    return ignored ? { kind: "sent", fd: -1, bytes: Buffer.alloc(0) } : entry
  })
}

describe.skipIf(reason !== undefined)("a loss of power", () => {
  const load = new RecordedLoad()
  let folder: string
  let files: ReadonlyMap<string, Buffer>
  let entries: ReadonlyArray<Entry>
  let claims: ReadonlyArray<Claim>
  beforeAll(async () => {
    folder = load.folder.path
    await load.start()
    await load.run({ workers: 8, turns: 10, seed, deletes: true })
    await load.gateway.stop("SIGKILL")
    await load.start()
    // Long enough for a checkpoint of a log that has reached its limit.
    await load.run({ workers: 16, turns: 16, seed: seed + 1000, deletes: false })
    await load.gateway.stop()
    files = filesOf(folder)
    entries = readJournal(load.journal)
    const sent = sentIn(entries)
    claims = [...claimsOf(load.promised, sent), keyClaim(files.get("data-key")!.toString(), sent)]
  }, 300_000)
  afterAll(() => load.dispose())

  const crashed = (recorded: ReadonlyArray<Entry>, every: number) =>
    crash({ folder, entries: recorded, claims, seed, every })

  it("is rebuilt from a complete journal: all recorded changes give the gateway's files", () => {
    const disk = new CrashDisk(folder)
    for (const entry of entries) disk.apply(entry)
    const rebuilt = [...disk.image(everything.partOf)].filter(([path]) => !isRebuilt(path))
    const hashes = (all: Iterable<readonly [string, Buffer]>) =>
      Object.fromEntries(Array.from(all, ([path, bytes]) => [path, hash("sha256", bytes)]))
    expect(hashes(rebuilt)).toEqual(hashes(Array.from(files, ([path, bytes]) => [join(folder, path), bytes])))
  })

  it("happens to a log that is checkpointed and overwritten", () => {
    const paths = new Map<number, string>()
    const written = (suffix: string, offset?: number) =>
      entries.filter((entry) => {
        if (entry.kind === "opened") paths.set(entry.fd, entry.path)
        return (
          entry.kind === "written" &&
          paths.get(entry.fd)?.endsWith(suffix) === true &&
          (offset === undefined || entry.offset === offset)
        )
      }).length
    expect(written(".db")).toBeGreaterThan(1000)
    expect(written("-wal", 0)).toBeGreaterThan(2)
  })

  it("loses nothing that was acknowledged, whichever unsynced writes it undoes or tears", () => {
    const { faults, images, moments } = crashed(entries, 5)
    expect(faults).toEqual([])
    expect(moments).toBeGreaterThan(100)
    console.log(`${images} images of ${moments} moments, ${claims.length} acknowledgements`)
  }, 300_000)

  it("loses messages if the syncs of the log do nothing", () => {
    const { faults } = crashed(withoutSyncs(entries, "-wal", 0), 1)
    expect(faults.join("\n")).toMatch(/missing: the user's message/)
  })

  it("breaks the database if a checkpoint does not wait for the database's sync", () => {
    const served = entries.findIndex(({ kind }) => kind === "sent")
    const { faults } = crashed(withoutSyncs(entries, ".db", served), 1)
    expect(faults.join("\n")).toMatch(/quick_check|integrity_check|cannot be read|missing/)
  }, 60_000)
})

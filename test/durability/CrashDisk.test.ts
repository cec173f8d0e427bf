import { constants } from "node:fs"
import { describe, expect, it } from "vitest"
import { seeded } from "../../src/sandbox/Bytes.ts"
import { CrashDisk } from "../support/disk/crashDisk.ts"
import { everything, nothing, plansFor } from "../support/disk/crashPlans.ts"
import type { Entry } from "../support/disk/journal.ts"

const folder = "/data"
const flags = constants.O_RDWR | constants.O_CREAT
const written = (fd: number, offset: number, text: string): Entry => ({
  kind: "written",
  fd,
  offset,
  bytes: Buffer.from(text),
})
const synced = (fd: number, thread = 1): ReadonlyArray<Entry> => [
  { kind: "sync began", fd, thread },
  { kind: "sync ended", fd, thread },
]
/** Opens `/data/a` as 3 and the folder as 4. */
const opened: ReadonlyArray<Entry> = [
  { kind: "opened", fd: 3, path: `${folder}/a`, flags },
  { kind: "opened", fd: 4, path: folder, flags: 0 },
]
const named: ReadonlyArray<Entry> = [...opened, ...synced(4)]

const after = (entries: ReadonlyArray<Entry>): CrashDisk => {
  const disk = new CrashDisk(folder)
  for (const entry of entries) disk.apply(entry)
  return disk
}

const texts = (files: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries(Array.from(files, ([path, bytes]) => [path, bytes.toString()]))

const lost = (entries: ReadonlyArray<Entry>) => texts(after(entries).image(nothing.partOf))

describe("a loss of power", () => {
  it("keeps the writes that a sync covers, and may lose the later ones", () => {
    const entries = [...named, written(3, 0, "one"), ...synced(3), written(3, 3, "two")]
    expect(lost(entries)).toEqual({ "/data/a": "one" })
    expect(texts(after(entries).image(everything.partOf))).toEqual({ "/data/a": "onetwo" })
  })

  it("may lose a write that came while the sync was running", () => {
    const [began, ended] = synced(3)
    expect(lost([...named, began!, written(3, 0, "one"), ended!])).toEqual({ "/data/a": "" })
  })

  it("may lose a write whose sync has not ended", () => {
    expect(lost([...named, written(3, 0, "one"), synced(3)[0]!])).toEqual({ "/data/a": "" })
  })

  it("counts each of two syncs of a file at the same time from its own begin", () => {
    const [first, firstEnd] = synced(3, 1)
    const [second, secondEnd] = synced(3, 2)
    const entries = [...named, first!, written(3, 0, "one"), second!]
    expect(lost([...entries, firstEnd!])).toEqual({ "/data/a": "" })
    expect(lost([...entries, secondEnd!])).toEqual({ "/data/a": "one" })
  })

  it("may lose the name of a synced file until its folder is synced", () => {
    const entries = [...opened, written(3, 0, "one"), ...synced(3)]
    expect(lost(entries)).toEqual({})
    expect(lost([...entries, ...synced(4)])).toEqual({ "/data/a": "one" })
  })

  it("loses a file with the unsynced name of a folder above it", () => {
    const entries: ReadonlyArray<Entry> = [
      { kind: "folder made", path: `${folder}/b` },
      { kind: "opened", fd: 3, path: `${folder}/b/a`, flags },
      { kind: "opened", fd: 5, path: `${folder}/b`, flags: 0 },
      ...synced(5),
    ]
    expect(lost(entries)).toEqual({})
    expect(lost([...entries, ...opened.slice(1), ...synced(4)])).toEqual({ "/data/b/a": "" })
  })

  it("leaves a file renamed durably under its new name alone", () => {
    const renamed: Entry = { kind: "renamed", from: `${folder}/a`, to: `${folder}/b` }
    expect(lost([...named, renamed])).toEqual({ "/data/a": "" })
    expect(texts(after([...opened, renamed, ...synced(4)]).image(everything.partOf))).toEqual({
      "/data/b": "",
    })
  })

  it("brings back an unlinked file until its folder is synced", () => {
    const unlinked: Entry = { kind: "unlinked", path: `${folder}/a` }
    expect(lost([...named, unlinked])).toEqual({ "/data/a": "" })
    expect(lost([...named, unlinked, ...synced(4)])).toEqual({})
  })

  it("tears a write at the sectors of the file, and leaves the bytes beside it unchanged", () => {
    const before = "a".repeat(1536)
    const disk = after([...named, written(3, 0, before), ...synced(3), written(3, 500, "b".repeat(600))])
    const torn = disk.image(() => (sector) => sector !== 1).get("/data/a")!
    const whole = disk.image(everything.partOf).get("/data/a")!
    expect(torn.toString()).toBe(
      "a".repeat(500) + "b".repeat(12) + "a".repeat(512) + "b".repeat(76) + "a".repeat(436),
    )
    expect(whole.toString()).toBe("a".repeat(500) + "b".repeat(600) + "a".repeat(436))
  })

  it("may leave a longer file with zeros instead of a lost write", () => {
    const disk = after([...named, written(3, 0, "one")])
    expect([...disk.image(() => "size").get("/data/a")!]).toEqual([0, 0, 0])
  })

  it("may keep a later write without an earlier one", () => {
    const disk = after([...named, written(3, 0, "one"), written(3, 3, "two")])
    const image = disk.image((_, index) => (index === 1 ? "whole" : "absent"))
    expect(texts(image)).toEqual({ "/data/a": "\0\0\0two" })
  })

  it("forgets open files with their process", () => {
    const disk = after(named)
    disk.apply({ kind: "started" })
    expect(() => disk.apply(written(3, 0, "one"))).toThrow("opens no file as 3")
  })
})

describe("plans of crashes", () => {
  it("have nothing, everything and each other kind, and are the same for the same seed", () => {
    const changes = after([...named, ...Array.from({ length: 9 }, (_, i) => written(3, i, "x"))]).pending
    const drawn = () =>
      plansFor(changes.length, seeded(1)).map(({ name, partOf }) => [
        name,
        changes.map((change, index) => String(partOf(change, index)).slice(0, 8)),
      ])
    expect(drawn()).toHaveLength(9)
    expect(drawn()).toEqual(drawn())
  })

  it("have one image without unsynced changes", () => {
    expect(plansFor(0, seeded(1))).toEqual([nothing])
  })
})

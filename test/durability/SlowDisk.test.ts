import { execFileSync } from "node:child_process"
import { chmodSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, inject, it } from "vitest"
import { cannotPreload } from "../support/disk/preload.ts"
import { countSyncs, diskLanes, slowDisk } from "../support/disk/slowDisk.ts"
import { durable, findBinaries, start } from "../support/postgres.ts"
import { temporaryFolder } from "../support/processes.ts"

const reason = cannotPreload()
if (reason !== undefined) console.warn(`!!! NO SLOW DISKS, their tests are LEFT OUT: ${reason}`)

const syncs = 20
const micros = 20_000

/** Runs a script that is at `done` after `syncs` syncs; returns the counted syncs and the milliseconds. */
const ranSlowly = (script: string) => {
  const folder = temporaryFolder()
  const counts = countSyncs(join(folder.path, "counts"))
  const whole = `
    const fs = require("node:fs"), path = require("node:path"), { DatabaseSync } = require("node:sqlite")
    const folder = process.argv[1]
    const counted = () => Number(fs.readFileSync(${JSON.stringify(counts.path)}).readBigUInt64LE(0))
    let before, began
    const begin = () => { before = counted(); began = performance.now() }
    const done = () => console.log(JSON.stringify({ syncs: counted() - before, ms: performance.now() - began }))
    ${script}`
  const env = { PATH: process.env["PATH"], ...slowDisk(micros, counts.path) }
  const output = execFileSync(process.execPath, ["-e", whole, folder.path], { env, encoding: "utf8" })
  const delayed = counts.delayedMicros()
  folder.dispose()
  return { ...(JSON.parse(output) as { syncs: number; ms: number }), delayed }
}

describe.skipIf(reason !== undefined)("a slow disk", () => {
  it("slows each commit of SQLite with synchronous=FULL", () => {
    const ran = ranSlowly(`
      const database = new DatabaseSync(path.join(folder, "a.db"))
      database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (a)")
      begin()
      for (let i = 0; i < ${syncs}; i++) database.exec("INSERT INTO t VALUES (1)")
      done()`)
    expect(ran.syncs).toBe(syncs)
    expect(ran.ms).toBeGreaterThanOrEqual((syncs * micros) / 1000)
    expect(ran.delayed).toBeGreaterThanOrEqual(syncs * micros)
  })

  it("slows fsync and fdatasync of Node's thread pool", () => {
    const ran = ranSlowly(`
      const file = fs.openSync(path.join(folder, "a"), "w")
      begin()
      const next = (left) => {
        if (left === 0) return done()
        fs[left % 2 === 0 ? "fsync" : "fdatasync"](file, () => next(left - 1))
      }
      next(${syncs})`)
    expect(ran.syncs).toBe(syncs)
    expect(ran.ms).toBeGreaterThanOrEqual((syncs * micros) / 1000)
  })

  it.skipIf(inject("postgresUrl") === undefined)("slows each commit of PostgreSQL", async () => {
    const folder = temporaryFolder()
    // The server's own user must reach the counts.
    chmodSync(folder.path, 0o755)
    const counts = countSyncs(join(folder.path, "counts"))
    const binaries = findBinaries()!
    const server = await start(binaries, durable, slowDisk(micros, counts.path))
    const query = (text: string) => execFileSync(join(binaries, "psql"), [server.url, "-qAtc", text])
    query("CREATE TABLE t (a INT)")
    const before = counts.syncs()
    const began = performance.now()
    query(`DO $$ BEGIN FOR i IN 1..${syncs} LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$`)
    expect(performance.now() - began).toBeGreaterThanOrEqual((syncs * micros) / 1000)
    expect(counts.syncs() - before).toBeGreaterThanOrEqual(syncs)
    await server.stop()
    folder.dispose()
  })

  it("offers the bench a lane in memory, one on the disk, and two slow ones", () => {
    const { lanes, missing } = diskLanes()
    const slowOnes = missing.length === 0 ? ["2 ms", "5 ms"] : []
    const names = lanes.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(["this machine's disk", ...slowOnes]))
    for (const lane of lanes) {
      const { dispose, path } = lane.folder()
      expect(path).toMatch(lane.name === "this machine's disk" ? /^(?!\/dev\/shm)/ : /^\/dev\/shm/)
      dispose()
    }
  })
})

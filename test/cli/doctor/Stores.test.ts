/** `crossfade doctor` and the places of data: the data folder, PostgreSQL and Redis. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs"
import { join } from "node:path"
import { createClient } from "redis"
import { describe, expect, inject, it } from "vitest"
import { newest } from "../../../src/store/Migrations.ts"
import { freshDatabase } from "../../support/postgres.ts"
import { startRedis } from "../../support/redis.ts"
import { inDatabase } from "../inDatabase.ts"
import { doctor, folder } from "./doctor.ts"

describe("crossfade doctor and stores", () => {
  it("creates nothing in an empty folder", async () => {
    const found = await doctor({})
    expect(found.code).toBe(0)
    expect(Fs.readdirSync(found.cwd)).toEqual([])
    expect(found.statusOf("data folder")).toEqual(["warning"])
    expect(found.of("data folder")[0]?.seen).toContain(join(found.cwd, "data"))
    expect(found.statusOf("upstreams")).toEqual(["warning"])
  })

  it("names a data folder that is below a file", async () => {
    const cwd = folder()
    Fs.writeFileSync(join(cwd, "file"), "")
    const found = await doctor({ DATA_DIR: join(cwd, "file/data") })
    expect(found.of("data folder")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringContaining("is not a folder"),
    })
  })

  it("names a schema of a newer Crossfade, and migrates nothing", async () => {
    const server = inject("postgresUrl")
    const url = Redacted.value(await Effect.runPromise(freshDatabase(server!)))
    await inDatabase(url, "CREATE TABLE crossfade_migrations (migration_id integer)")
    await inDatabase(url, `INSERT INTO crossfade_migrations VALUES (${newest + 1})`)
    const found = await doctor({ DATABASE_URL: url })
    expect(found.of("database")[0]).toMatchObject({
      status: "failed",
      seen: expect.stringContaining(`step ${newest + 1}`),
    })
    const missing = new URL(url)
    missing.pathname = "/nowhere"
    const other = await doctor({ DATABASE_URL: missing.href })
    expect(other.of("database")[0]).toMatchObject({
      status: "failed",
      advice: "Create the database, or correct its name in DATABASE_URL.",
    })
  })

  it("names a Redis that evicts keys, and a wrong password", async () => {
    const redis = await startRedis()
    const client = await createClient({ url: redis.url }).connect()
    await client.configSet({ maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" })
    const evicting = await doctor({ REDIS_URL: redis.url })
    await client.configSet("requirepass", "right-password")
    const refused = await doctor({ REDIS_URL: redis.url.replace("//", "//:wrong-canary@") })
    client.destroy()
    await redis.stop()
    expect(evicting.of("redis")[0]).toMatchObject({
      status: "warning",
      advice: "Set maxmemory-policy noeviction.",
    })
    expect(refused.of("redis")[0]).toMatchObject({
      status: "failed",
      advice: "Correct the user and the password in REDIS_URL.",
    })
    expect(refused.output).not.toContain("canary")
  })
})

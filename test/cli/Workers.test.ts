import { createServer, type AddressInfo } from "node:net"
import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { crossfade } from "./commandLine.ts"

const allowed = "allowed: a whole number of workers from 1 to 64, or auto (one for each core)"
/** Nothing listens there. */
const absent = { DATABASE_URL: "postgres://u:p@127.0.0.1:1/x", REDIS_URL: "redis://127.0.0.1:1" }
const provider = { OPENAI_API_KEY: "sk-not-a-key", PORT: "0" }

describe("crossfade serve --workers", () => {
  it.each(["0", "-1", "1.5", "two", "65", "", " "])(
    "refuses %j and names the flag and the allowed values",
    async (value) => {
      const { code, error, out } = await crossfade(["serve", "--workers", value])
      expect([code, error.trim(), out]).toEqual([
        2,
        `--workers: found ${JSON.stringify(value)}; ${allowed}`,
        "",
      ])
    },
  )

  it("refuses a wrong WORKERS and names the variable", async () => {
    const { code, error } = await crossfade(["serve"], { env: { WORKERS: "0" } })
    expect(code).toBe(1)
    expect(error).toContain(`WORKERS: found "0"; ${allowed}`)
  })

  it.each([
    ["SQLite", {}, "DATABASE_URL and REDIS_URL"],
    ["PostgreSQL without Redis", { DATABASE_URL: absent.DATABASE_URL }, "REDIS_URL"],
    ["SQLite with Redis", { REDIS_URL: absent.REDIS_URL }, "DATABASE_URL"],
  ])("refuses several workers on %s and names what is missing", async (_, env, missing) => {
    const { code, error } = await crossfade(["serve", "--workers", "2"], { env })
    expect(code).toBe(1)
    expect(error).toContain(`WORKERS: found 2, without ${missing}; allowed: 1, or more with PostgreSQL`)
  })

  it("takes the flag before the variable", async () => {
    const { error } = await crossfade(["serve", "--workers", "3"], { env: { WORKERS: "two" } })
    expect(error).toContain("WORKERS: found 3, without DATABASE_URL and REDIS_URL")
  })

  it("explains a database that does not answer once, for all workers", async () => {
    const { code, error } = await crossfade(["serve", "--workers", "3"], { env: { ...absent, ...provider } })
    expect(code).toBe(1)
    expect(error.match(/Cannot use the database/g)).toHaveLength(1)
    expect(error).not.toMatch(/^\s+at /m)
  })

  it("explains a port in use once, before a worker starts", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    const env = { ...absent, ...provider, PORT: String(port) }
    const { code, error } = await crossfade(["serve", "--workers", "2"], { env })
    expect(code).toBe(1)
    expect(error.trim()).toMatch(
      new RegExp(
        `^Cannot listen on 127\\.0\\.0\\.1:${port} \\(.*EADDRINUSE.*\\)\\. Set HOST and PORT to an address that is free\\.$`,
      ),
    )
    other.close()
  })
})

/** Commands in a folder without the service's data. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { join, resolve } from "node:path"
import { afterEach, describe, expect, inject, it } from "vitest"
import { freshDatabase } from "../support/postgres.ts"
import { start, temporaryFolder, testSecret } from "../support/processes.ts"

const folders: Array<ReturnType<typeof temporaryFolder>> = []
afterEach(() => folders.splice(0).forEach((folder) => folder.dispose()))

const folder = (): string => {
  const made = temporaryFolder()
  folders.push(made)
  return Fs.realpathSync(made.path)
}

const main = resolve("src/cli/main.ts")

const crossfade = (cwd: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
    // A service that starts in spite of all would run forever.
    timeout: 15_000,
  })

const token = ["token", "--org", "acme", "--user", "ana"]

describe("in a folder without the service's data", () => {
  it.each([
    ["token", token, "signing secret (jwt-secret)"],
    ["secrets rotate", ["secrets", "rotate"], "database (crossfade.db)"],
    ["simulate --runs", ["simulate", "--runs"], "database (crossfade.db)"],
  ] as const)("crossfade %s refuses, names the folder, and creates nothing", (_, args, what) => {
    const cwd = folder()
    const { status, stderr, stdout } = crossfade(cwd, args)
    expect([status, stdout]).toEqual([1, ""])
    expect(stderr).toContain(`There is no ${what} in ${join(cwd, "data")}`)
    expect(stderr).toContain("set DATA_DIR to the service's data folder")
    expect(Fs.readdirSync(cwd)).toEqual([])
  })

  it("crossfade token works with AUTH_JWT_SECRET", () => {
    const cwd = folder()
    const { status, stdout } = crossfade(cwd, token, { AUTH_JWT_SECRET: testSecret })
    expect([status, stdout.split(".").length]).toEqual([0, 3])
    expect(Fs.readdirSync(cwd)).toEqual([])
  })

  it("crossfade secrets rotate makes no key for a database without one", () => {
    const cwd = folder()
    Fs.mkdirSync(join(cwd, "data"))
    Fs.writeFileSync(join(cwd, "data/crossfade.db"), "")
    const { status, stderr } = crossfade(cwd, ["secrets", "rotate"])
    expect(status).toBe(1)
    expect(stderr).toContain(`There is no data key (data-key) in ${join(cwd, "data")}`)
    expect(Fs.readdirSync(join(cwd, "data"))).toEqual(["crossfade.db"])
  })

  it("crossfade secrets rotate refuses a PostgreSQL database without the service's tables", async () => {
    const server = inject("postgresUrl")
    if (server === undefined) return
    const url = Redacted.value(await Effect.runPromise(freshDatabase(server)))
    const args = ["secrets", "rotate"]
    const env = { DATABASE_URL: url, DATA_KEY: testSecret }
    const { status, stderr } = crossfade(folder(), args, env)
    expect(status).toBe(1)
    expect(stderr).toContain("it has no tables of Crossfade")
    expect(crossfade(folder(), args, env).stderr).toBe(stderr)
  })
})

const production = {
  NODE_ENV: "production",
  AUTH_JWT_SECRET: testSecret,
  RUNTIME_SERVICE_URL: "http://127.0.0.1:9",
  PORT: "0",
}

const serve = (cwd: string, env: Readonly<Record<string, string>>) =>
  start(
    process.execPath,
    [main, "serve"],
    { PATH: process.env["PATH"], ...env },
    (line) => /listens on (http:\S+)/.exec(line)?.[1],
    20_000,
    cwd,
  )

describe("crossfade serve in a new folder", () => {
  it("refuses in production without DATA_DIR", () => {
    const cwd = folder()
    const { status, stderr } = crossfade(cwd, ["serve"], production)
    expect(status).toBe(1)
    expect(stderr).toContain(`There is no data folder ${join(cwd, "data")}`)
    expect(stderr).toContain("Set DATA_DIR.")
    expect(Fs.readdirSync(cwd)).toEqual([])
  })

  it("creates a database where DATA_DIR says, and warns of it in production, at its first start only", async () => {
    const cwd = folder()
    const warning = `there is no database in ${join(cwd, "state")}: a new, empty one is created. If the service had`
    const first = await serve(cwd, { ...production, DATA_DIR: "state" })
    await first.stop()
    expect(first.output()).toContain(warning)
    expect(first.output()).toContain(`SQLite in ${join(cwd, "state")}`)
    const second = await serve(cwd, { ...production, DATA_DIR: "state" })
    await second.stop()
    expect(second.output()).not.toContain("there is no database")
  })

  it("makes the secret in development, which crossfade token then finds", async () => {
    const cwd = folder()
    const env = { PORT: "0", SANDBOX_RUNTIME_PORT: "0", SANDBOX_MODEL_PORT: "0" }
    const running = await serve(cwd, env)
    const made = crossfade(cwd, token)
    await running.stop()
    expect([made.status, made.stdout.split(".").length]).toEqual([0, 3])
  })
})

/**
 * A throw-away PostgreSQL for the tests that run against a real one: a fresh cluster in a temporary folder, on
 * loopback and a free port, not durable, removed at the end. As vitest's `globalSetup` it provides `postgresUrl`.
 *
 * If the server's binaries are missing (`scripts/setup-postgres` installs them), CI fails; elsewhere one line says
 * that these tests are left out and `postgresUrl` is undefined.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { TestProject } from "vitest/node"
import { freePort } from "./freePort.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The URL of the server's own database; create one for your test with `freshDatabase`. */
    readonly postgresUrl: string | undefined
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const binaries = findBinaries()
  if (binaries === undefined) {
    if (process.env["CI"]) throw new Error("No PostgreSQL binaries: run scripts/setup-postgres")
    console.warn(
      "!!! NO POSTGRESQL: its half of the store tests is LEFT OUT. Run scripts/setup-postgres for all of them.",
    )
    provide("postgresUrl", undefined)
    return async () => {}
  }
  const server = await start(binaries)
  provide("postgresUrl", server.url)
  return server.stop
}

/** The URL of a new, empty database on the server at `url`; it is removed with the server. */
export const freshDatabase = (url: string): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.gen(function* () {
    const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE DATABASE ${sql(name)}`
    const fresh = new URL(url)
    fresh.pathname = name
    return Redacted.make(fresh.href)
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url) })), Effect.orDie)

export interface Server {
  readonly url: string
  readonly port: number
  /** The folder of its Unix socket. */
  readonly folder: string
  readonly pid: () => number
  /** Ends it and keeps its data, until `up`. */
  readonly down: () => Promise<void>
  readonly up: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The newest of Debian's versions (they are not on PATH), else the version on PATH. */
export const findBinaries = (): string | undefined => {
  const debian = "/usr/lib/postgresql"
  const versions = Fs.existsSync(debian)
    ? Fs.readdirSync(debian).toSorted((a, b) => Number(b) - Number(a))
    : []
  return [
    ...versions.map((version) => Path.join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(Path.delimiter),
  ].find((folder) => ["initdb", "postgres"].every((name) => Fs.existsSync(Path.join(folder, name))))
}

/** `extra` are settings of the server, such as its certificate; `env` adds to its environment. */
export const start = async (
  binaries: string,
  extra: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Server> => {
  const owner = serverUser()
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "crossfade-postgres-"))
  if (owner !== undefined) Fs.chownSync(folder, owner.uid, owner.gid)
  const data = Path.join(folder, "data")
  const port = await freePort()
  execFileSync(
    Path.join(binaries, "initdb"),
    ["--pgdata", data, "--username", "crossfade", "--auth", "trust", "--encoding", "UTF8", "--no-sync"],
    { ...owner, cwd: folder, stdio: ["ignore", "ignore", "inherit"] },
  )
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: folder,
    ...notDurable,
    ...extra,
  }
  const args = [
    "-D",
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]
  let server: ChildProcess | undefined
  const up = async () => {
    const started = spawn(Path.join(binaries, "postgres"), args, {
      ...owner,
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    })
    server = started
    await ready(started)
  }
  const down = () => (server === undefined ? Promise.resolve() : stopServer(server))
  const stop = async () => {
    await down()
    Fs.rmSync(folder, { recursive: true, force: true })
  }
  // A process that exits without its teardown must not leave a server behind.
  process.once("exit", () => server?.kill("SIGQUIT"))
  await up().catch((error: unknown) => stop().finally(() => Promise.reject(error)))
  const url = `postgres://crossfade:unused@127.0.0.1:${port}/postgres`
  return { url, port, folder, down, up, stop, pid: () => server!.pid! }
}

const notDurable = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }

/** Settings for `start`: a commit waits for the disk, as in production. */
export const durable = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" }

/**
 * The server refuses to run as root: there it runs as Debian's `postgres` user. Node starts it with that id, without
 * `su`.
 */
export const serverUser = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  return { uid: id("-u"), gid: id("-g") }
}

const ready = (server: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let log = ""
    server.once("error", reject)
    server.once("exit", (code) => reject(new Error(`PostgreSQL ended with ${code}:\n${log}`)))
    server.stderr!.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-10_000)
      if (log.includes("ready to accept connections")) resolve()
    })
  })

const stopServer = async (server: ChildProcess): Promise<void> => {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return
  const exited = once(server, "exit")
  // SIGQUIT is its immediate shutdown; its data is not needed any more.
  server.kill("SIGQUIT")
  await exited
}

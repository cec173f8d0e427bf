/**
 * A throw-away Redis for the tests that run against a real one: on loopback and a free port, without a disk, removed
 * at the end. As vitest's `globalSetup` it provides `redisUrl`.
 *
 * If the server is missing (`scripts/setup-tests` installs it), CI fails; elsewhere one line says that these tests
 * are left out and `redisUrl` is undefined.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import type { TestProject } from "vitest/node"
import { freePort } from "./freePort.ts"

declare module "vitest" {
  interface ProvidedContext {
    /**
     * The URL of a server that all test files share: use only keys of your own. Do not connect a whole gateway to it,
     * because it counts the turns of every gateway in its Redis as its own fleet's: use `startRedis` for that.
     */
    readonly redisUrl: string | undefined
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  if (!isInstalled()) {
    if (process.env["CI"]) throw new Error("No redis-server: run scripts/setup-tests")
    console.warn(
      "!!! NO REDIS: the tests of several replicas are LEFT OUT. Run scripts/setup-tests for all of them.",
    )
    provide("redisUrl", undefined)
    return async () => {}
  }
  const server = await startRedis()
  provide("redisUrl", server.url)
  return () => server.stop()
}

const isInstalled = (): boolean => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** Listens on `port`, or on a free one; a server that restarts on its old port has lost its data. */
export const startRedis = async (port?: number): Promise<RedisServer> => {
  const at = port ?? (await freePort())
  const server = spawn(
    "redis-server",
    ["--bind", "127.0.0.1", "--port", String(at), "--save", "", "--appendonly", "no"],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  const killWithTest = () => server.kill("SIGKILL")
  process.once("exit", killWithTest)
  server.once("exit", () => process.off("exit", killWithTest))
  await ready(server)
  return { url: `redis://127.0.0.1:${at}`, port: at, pid: server.pid!, stop: () => stopServer(server) }
}

const ready = (server: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const lines: Array<string> = []
    server.once("error", reject)
    server.once("exit", (code) => reject(new Error(`Redis ended with ${code}:\n${lines.join("\n")}`)))
    createInterface({ input: server.stdout! }).on("line", (line) => {
      lines.push(line)
      if (line.includes("Ready to accept connections")) resolve()
    })
  })

const stopServer = async (server: ChildProcess): Promise<void> => {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, "exit")
  server.kill("SIGKILL")
  await exited
}

/**
 * Real processes for the acceptance tests: the gateway as `npm start` runs it, and the Python runtime. Each listens
 * on 127.0.0.1 and a free port, is ready once it prints its address, and is ended by its id.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"

const root = resolve(import.meta.dirname, "../..")

export interface Running {
  readonly url: string
  readonly pid: number
  /** Its whole output so far, both streams. */
  readonly output: () => string
  /** Sends a signal and waits for its exit. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>
  readonly exited: Promise<number | null>
  readonly isAlive: () => boolean
}

const readyWithin = 20_000

/** `ready` finds the address in a line that the process prints. */
export const start = async (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>>,
  ready: (line: string) => string | undefined,
  readyWithinMs = readyWithin,
  cwd = root,
): Promise<Running> => {
  const child: ChildProcess = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] })
  // A test that fails before its own clean-up must not leave a process behind.
  const killWithTest = () => child.kill("SIGKILL")
  process.once("exit", killWithTest)
  child.once("exit", () => process.off("exit", killWithTest))
  const lines: Array<string> = []
  const exited = once(child, "exit").then(([code]) => code as number | null)
  const url = await new Promise<string>((resolveUrl, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not ready in time:\n${lines.join("\n")}`)),
      readyWithinMs,
    )
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream! }).on("line", (line) => {
        lines.push(line)
        const found = ready(line)
        if (found !== undefined) {
          clearTimeout(timer)
          resolveUrl(found)
        }
      })
    }
    void exited.then((code) => {
      clearTimeout(timer)
      reject(new Error(`ended with ${code} before it was ready:\n${lines.join("\n")}`))
    })
  })
  const isAlive = () => child.exitCode === null && child.signalCode === null
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (isAlive()) child.kill(signal)
    await exited
  }
  return { url, pid: child.pid!, output: () => lines.join("\n"), stop, exited, isAlive }
}

/** Valid only in tests, and long enough for HS256. */
export const testSecret = "only-for-tests-Zq7vX2mK9pLw4RtY8sBd"

/** Likewise, for tokens of operators. */
export const testOperatorSecret = "only-for-tests-operators-Hc6vX1qJz5FgT0"

/** A new folder, removed by `dispose`. */
export const temporaryFolder = () => {
  const path = mkdtempSync(join(tmpdir(), "crossfade-"))
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) }
}

const baseEnv = { PATH: process.env["PATH"], HOME: process.env["HOME"], NODE_ENV: "test" }

/** One user sends all of a test's turns. A test of a limit sets it. */
const withoutLimits = {
  RATE_LIMIT_USER_PER_MIN: "10000000",
  RATE_LIMIT_ORG_PER_MIN: "10000000",
  RATE_LIMIT_READS_USER_PER_MIN: "10000000",
  RATE_LIMIT_READS_ORG_PER_MIN: "10000000",
  MAX_STREAMS_PER_USER: "1000000",
  MAX_STREAMS_PER_ORG: "1000000",
  MAX_STREAMS: "1000000",
}

/** The gateway's environment with `env`, without the variables of the test process. */
export const gatewayEnv = (env: Readonly<Record<string, string>>) => ({
  ...baseEnv,
  PORT: "0",
  AUTH_JWT_SECRET: testSecret,
  AUTH_OPERATOR_SECRET: testOperatorSecret,
  SANDBOX_RUNTIME_PORT: "0",
  SANDBOX_MODEL_PORT: "0",
  ...withoutLimits,
  ...env,
})

export const startGateway = (
  env: Readonly<Record<string, string>>,
  program = "src/main.ts",
): Promise<Running> =>
  start(process.execPath, [program], gatewayEnv(env), (line) => /listens on (http:\S+)/.exec(line)?.[1])

const python = join(root, ".cache/python-runtime/bin/python")

/** The Python runtime. Without its virtual environment, tests that need it fail with the command to run. */
export const startPython = (
  options: {
    readonly pingMs?: number
    readonly port?: number
    /** More variables for its environment. */
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<Running> => {
  if (!existsSync(python)) throw new Error("The Python runtime is missing: run scripts/setup-tests")
  const args = [
    "test/support/python-runtime/app.py",
    "--port",
    String(options.port ?? 0),
    "--ping-ms",
    String(options.pingMs ?? 15_000),
  ]
  return start(python, args, { ...baseEnv, ...options.env }, (line) => {
    const port = /^READY \{"port": (\d+)\}/.exec(line)?.[1]
    return port === undefined ? undefined : `http://127.0.0.1:${port}`
  })
}

/** Runs the command line as its users do: as a process, with pipes or in a terminal. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { vi } from "vitest"

/** A test starts up to 14 commands, and each takes up to 4 s on a machine with other work. */
vi.setConfig({ testTimeout: 60_000 })

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

const main = resolve("src/cli/main.ts")

/** A profile file of the developer must not reach a test. */
export const configFolder = () => {
  const path = mkdtempSync(join(tmpdir(), "crossfade-config-"))
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) }
}

const nowhere = "/nonexistent"

const environment = (own: Readonly<Record<string, string | undefined>>) => ({
  PATH: process.env["PATH"],
  XDG_CONFIG_HOME: nowhere,
  // Half of a start is the removal of types, which Node stores here.
  NODE_COMPILE_CACHE: resolve(".cache/compiled"),
  ...own,
})

interface Given {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The text of a pipe to standard input. Without it the pipe is closed at once. */
  readonly input?: string
  readonly cwd?: string
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void
}

export const crossfade = (args: ReadonlyArray<string>, { env = {}, input = "", cwd, onStart }: Given = {}) =>
  new Promise<Ended>((done) => {
    const child = spawn(process.execPath, [main, ...args], { env: environment(env), cwd })
    let out = ""
    let error = ""
    child.stdout.on("data", (chunk) => (out += chunk))
    child.stderr.on("data", (chunk) => (error += chunk))
    onStart?.((signal) => child.kill(signal))
    child.on("close", (code) => done({ code, out, error }))
    child.stdin.on("error", () => {})
    child.stdin.end(input)
  })

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

interface Answer {
  /** The text on the screen after which the person types. */
  readonly after: string
  readonly type: string
}

/** In a pseudoterminal of util-linux: both outputs appear on one screen. */
export const inTerminal = (
  args: ReadonlyArray<string>,
  answers: ReadonlyArray<Answer>,
  env: Readonly<Record<string, string | undefined>> = {},
  size = { columns: 80, rows: 24 },
) =>
  new Promise<{ readonly code: number | null; readonly screen: string }>((done) => {
    const command = [process.execPath, main, ...args].map(quoted).join(" ")
    const sized = `stty cols ${size.columns} rows ${size.rows}; exec ${command}`
    const child = spawn("script", ["-qec", sized, "/dev/null"], {
      env: environment({ TERM: "xterm", SHELL: "/bin/sh", ...env }),
    })
    let screen = ""
    const waiting = [...answers]
    child.stdout.on("data", (chunk) => {
      screen += chunk
      const next = waiting[0]
      if (next === undefined || !screen.includes(next.after)) return
      waiting.shift()
      child.stdin.write(next.type)
    })
    child.on("close", (code) => done({ code, screen }))
  })

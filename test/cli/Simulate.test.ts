import { assert, describe, it } from "@effect/vitest"
import { layerWebCrypto } from "effect/crypto/SecureRandom"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { execFile } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { vi } from "vitest"
import { Progress } from "../../src/cli/Progress.ts"
import * as Database from "../../src/store/Database.ts"
import { Replica } from "../../src/platform/Replica.ts"
import { Runs } from "../../src/store/Runs.ts"
import * as SqlStore from "../../src/store/SqlStore.ts"
import { begun, attempt, newPrincipal, newTurn } from "../store/Turns.ts"
import { inTerminal } from "./commandLine.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const main = resolve(import.meta.dirname, "../../src/cli/main.ts")

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as a process without the test's environment. */
const simulate = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  Effect.callback<Ended>((resume) => {
    const options = { env: { PATH: process.env["PATH"], NODE_ENV: "test", ...env } }
    const child = execFile(process.execPath, [main, "simulate", ...args], options, (_error, stdout, stderr) =>
      resume(Effect.succeed({ code: child.exitCode ?? -1, stdout, stderr })),
    )
    return Effect.sync(() => child.kill())
  })

const short = {
  name: "mine",
  turnsPerSecond: 5,
  seconds: 300,
  orgs: 5,
  errorRate: 0,
  faults: [{ mode: "runtime_orchestrator", what: { kind: "hang" }, from: 60, to: 120 }],
}

const written = Effect.fnUntraced(function* (content: unknown) {
  const file = join(yield* temporaryFolder, "file.json")
  writeFileSync(file, JSON.stringify(content))
  return file
})

describe("crossfade simulate", () => {
  it.live("shows its progress in a terminal, and removes it before the result", () =>
    Effect.gen(function* () {
      const file = yield* written(short)
      const { code, screen } = yield* Effect.promise(() =>
        inTerminal(["simulate", "--file", file, "--seeds", "20"], []),
      )
      assert.strictEqual(code, 0)
      assert.match(screen.replaceAll("\r\u001b[K", "~"), /^(~\d+ of 20: mine, ours)+~scenario /)
    }).pipe(Effect.scoped),
  )

  it.effect("prints its progress into a log every ten seconds", () =>
    Effect.gen(function* () {
      const written: Array<unknown> = []
      const spy = vi.spyOn(process.stderr, "write").mockImplementation((line) => written.push(line) > 0)
      yield* Effect.addFinalizer(() => Effect.sync(() => spy.mockRestore()))
      const progress = yield* Progress.make(4)
      for (const part of ["a", "b", "c", "d"]) {
        yield* progress.step(part)
        yield* TestClock.adjust("6 seconds")
      }
      yield* progress.clear
      assert.deepStrictEqual(written, ["2 of 4: c\n"])
    }).pipe(Effect.scoped),
  )

  it.live("compares policies on a custom scenario, as a table and as a picture", () =>
    Effect.gen(function* () {
      const file = yield* written(short)
      const svg = `${file}.svg`
      const { code, stderr, stdout } = yield* simulate(["--file", file, "--policy", "all", "--svg", svg])
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      assert.match(stdout, /mine +ours +4\.\d s/)
      for (const name of ["contract", "resilience4j", "envoy", "stay"]) {
        assert.match(stdout, new RegExp(`mine +${name} `))
      }
      assert.match(readFileSync(svg, "utf8"), /^<svg .*Simulated: mine.*<\/svg>\n$/s)
    }).pipe(Effect.scoped),
  )

  it.live("prints the same figures as JSON, null for an event that never happened", () =>
    Effect.gen(function* () {
      const file = yield* written(short)
      const { stdout } = yield* simulate(["--file", file, "--policy", "stay", "--seeds", "2", "--json"])
      const [row, ...others] = JSON.parse(stdout)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(row, { scenario: "mine", policy: "stay", seeds: 2 })
      assert.deepStrictEqual(row.detectSeconds, { median: null, worst: null })
      assert.strictEqual(row.chatsInFault.failed, row.chatsInFault.begun)
    }).pipe(Effect.scoped),
  )

  it.live("names every invalid field of a file, and the allowed values", () =>
    Effect.gen(function* () {
      const fault = { ...short.faults[0], to: 10 }
      const file = yield* written({ ...short, orgs: 0, errorRate: 2, faults: [fault], colour: "red" })
      const { code, stderr, stdout } = yield* simulate(["--file", file])
      assert.deepStrictEqual({ code, stdout }, { code: 1, stdout: "" })
      assert.include(stderr, "orgs: Expected a value between 1 and 10000")
      assert.include(stderr, "errorRate: Expected a value between 0 and 1")
      assert.include(stderr, "faults.0.to: Expected more than `from`")
      assert.include(stderr, "colour: ")
    }).pipe(Effect.scoped),
  )

  it.live("lists the scenarios when the name is unknown", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* simulate(["--scenario", "nope"])
      assert.strictEqual(code, 1)
      assert.match(stderr, /there is no nope; allowed: all, refused, hang, /)
    }),
  )

  it.live("plays the recorded runs of a store that is in use, with other thresholds", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const thresholds = yield* written({ minSamples: 4, errorRate: 0.3 })
      const store = SqlStore.layer.pipe(
        Layer.provide(Database.layer({ databaseUrl: undefined, dataDir })),
        Layer.provide(Replica.layer),
        Layer.provide(layerWebCrypto),
      )
      const [usual, tried] = yield* Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const now = yield* Clock.currentTimeMillis
        for (let number = 0; number < 12; number++) {
          const at = now - 60_000 + number * 1000
          const { run } = yield* begun(newTurn(owner, { at }))
          const times = { startedAt: at, firstProgressAt: null, firstContentAt: null, endedAt: at + 100 }
          const outcome = number % 5 < 2 ? "error" : "success"
          const mode = number === 11 ? "direct_llm" : "runtime_orchestrator"
          yield* runs.recordAttempt(run.id, { ...attempt(1, false), ...times, mode, outcome })
        }
        const args = ["--runs", "--since", "1h", "--policy", "contract", "--json"]
        const env = { DATA_DIR: dataDir }
        return [
          yield* simulate(args, env),
          yield* simulate([...args, "--thresholds", thresholds], env),
        ] as const
      }).pipe(Effect.provide(store))
      assert.deepInclude(JSON.parse(usual.stdout)[0], { known: 11, unknown: 1, trips: 0 })
      assert.deepInclude(JSON.parse(tried.stdout)[0], { known: 11, unknown: 1, trips: 1 })
    }).pipe(Effect.scoped),
  )
})

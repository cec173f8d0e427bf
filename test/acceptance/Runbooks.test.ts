/** Each command of the runbooks, and of their overview page, against a service in trouble. */
import { execFile } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { eventually, operatorToken } from "../support/chatClient.ts"
import { hasPrometheus, Prometheus } from "../support/prometheus.ts"
import { useWorld } from "../support/world.ts"
import { testSecret } from "../support/processes.ts"

const page = "docs/runtime-observability.md"
const folder = "docs/observability/runbooks"
const runbooks = readdirSync(folder).map((name) => join(folder, name))
const alerts = Array.from(
  readFileSync("docs/observability/rules/alerts.yaml", "utf8").matchAll(/- alert: (\w+)/g),
  ([, name = ""]) => name,
)

/** The `sh` blocks of a page, without the indentation of an enclosing list. */
const commandsOf = (path: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(path, "utf8").matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm),
    ([, indent = "", block = ""]) => block.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  )

const [prelude = "", ...ofPage] = commandsOf(page)

describe("the runbooks", () => {
  it("are one per alert, and one alert per runbook", () => {
    expect(runbooks.map((path) => basename(path, ".md")).toSorted()).toEqual(alerts.toSorted())
  })

  it.each(runbooks)("%s has a symptom, checks, actions and the expected result", (path) => {
    const titles = Array.from(readFileSync(path, "utf8").matchAll(/^## (.+)$/gm), ([, title]) => title)
    expect(titles).toEqual(["Symptom", "Check", "Act", "Verify"])
    expect(commandsOf(path).length).toBeGreaterThan(1)
  })

  it("are all in the table of the page", () => {
    const text = readFileSync(page, "utf8")
    for (const path of runbooks) expect(text).toContain(`observability/runbooks/${basename(path)}`)
  })
})

describe.skipIf(!hasPrometheus())("a service in trouble", () => {
  const world = useWorld({ NODE_ENV: "production", AUTH_JWT_SECRET: testSecret })
  let prometheus: Prometheus
  let env: Readonly<Record<string, string | undefined>>

  /** Before the checks both modes have answered, and both have failed. */
  beforeAll(async () => {
    prometheus = await Prometheus.start(world.gateway.url)
    await (await world.client.start("hello")).rest()
    await (await world.client.start({ scenario: "error", code: "INTERNAL_ERROR" })).rest()
    world.model.answers.push({ kind: "status", status: 400 })
    await (await world.client.start({ scenario: "http", status: 422, body: { detail: "no" } })).rest()
    env = {
      PATH: process.env["PATH"],
      URL: world.gateway.url,
      PROM: prometheus.url,
      LOG: join(prometheus.folder.path, "log"),
      CROSSFADE_TOKEN: await operatorToken(),
    }
    // Prometheus discovers its targets five seconds after its start.
    await eventually(async () => (await prometheus.query("sum(crossfade_turns_total) >= 3")).length > 0, 20)
  }, 60_000)
  afterAll(() => prometheus?.stop())

  beforeEach(() => {
    const lines = world.gateway.output().split("\n")
    writeFileSync(env["LOG"]!, `${lines.filter((line) => line.startsWith("{")).join("\n")}\n`)
  })

  const run = (command: string) =>
    new Promise<{ readonly code: number; readonly said: string }>((done) => {
      execFile("bash", ["-euo", "pipefail", "-c", `${prelude}\n${command}`], { env }, (failure, out, error) =>
        done({ code: failure === null ? 0 : Number(failure.code), said: `${out}${error}`.trim() }),
      )
    })

  it.each([page, ...runbooks])(
    "have working commands for checks and fixes in %s",
    async (path) => {
      for (const command of path === page ? ofPage : commandsOf(path)) {
        const { code, said } = await run(command)
        expect([command, said, code]).toEqual([command, expect.stringMatching(/\S/), 0])
      }
    },
    60_000,
  )

  it("list an event of the breaker and its other transitions apart", async () => {
    const log = [
      {
        timestamp: "1",
        event: "breaker.opened",
        message: "The breaker of all organisations opened: faults.",
      },
      { timestamp: "2", message: "the breaker of all: open -> ramp, good probes" },
    ]
    writeFileSync(env["LOG"]!, log.map((line) => JSON.stringify(line)).join("\n"))
    const queries = ofPage.filter((command) => /select\(\.event\)|breaker/.test(command))
    const answers = await Promise.all(queries.map(run))
    // Bash may add lines of its own.
    expect(answers.flatMap(({ said }) => said.split("\n").filter((line) => /^\d /.test(line)))).toEqual([
      "1 breaker.opened all - The breaker of all organisations opened: faults.",
      "2 the breaker of all: open -> ramp, good probes",
    ])
  })

  it("have no command that succeeds for any input", async () => {
    for (const wrong of [
      "api $B/nothing",
      "prom 'sum('",
      'api $B/metrics | jq -e ".data.fallbackEnabled == 7"',
    ])
      expect([wrong, (await run(wrong)).code === 0]).toEqual([wrong, false])
  })
})

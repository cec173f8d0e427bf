import { execFile, execFileSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { temporaryFolder } from "../support/processes.ts"
import { hasPrometheus } from "../support/prometheus.ts"
import { cases } from "./alertCases.ts"
import type { AlertCase } from "./burnCases.ts"

const missing = !hasPrometheus()

const root = resolve(import.meta.dirname, "../..")
const rulesFolder = join(root, "docs/observability/rules")
const files = readdirSync(rulesFolder).map((file) => join(rulesFolder, file))
const text = files.map((file) => readFileSync(file, "utf8")).join("\n")
const alertsFile = join(rulesFolder, "alerts.yaml")
/** The recording rules first. */
const groups = [...files.filter((file) => file !== alertsFile), alertsFile].flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/^ {2}- name: (\S+)$/gm)].map(([, name]) => name!),
)
/** Each alert's name and its block. */
const alerts = [...text.matchAll(/- alert: (\w+)\n([\s\S]*?)(?=\n {6}- |\n {2}- |$(?![\s\S]))/g)].map(
  ([, name, block]) => ({ name: name!, block: block! }),
)

describe("the rules", () => {
  it("are exactly the required alerts, each with its severity, text and runbook", () => {
    expect(alerts.length).toBe(20)
    for (const { block, name } of alerts) {
      expect([name, /severity: (page|ticket)/.test(block), /summary: ["']./.test(block)]).toEqual([
        name,
        true,
        true,
      ])
      expect([name, /description: ["']./.test(block)]).toEqual([name, true])
      expect(block).toContain(`runbook_url: docs/observability/runbooks/${name}.md`)
    }
  })

  it("have cases for each alert in which it fires and in which it does not", () => {
    for (const { name } of alerts) {
      const own = cases.filter(({ alert }) => alert === name)
      expect([name, own.some(({ fires }) => fires !== false)]).toEqual([name, true])
      expect([name, own.some(({ fires }) => fires === false)]).toEqual([name, true])
    }
  })
})

describe.skipIf(missing)("according to promtool", () => {
  const folder = temporaryFolder()
  afterAll(() => folder.dispose())

  it("the configuration is well-formed, and loads all rules", () => {
    const said = execFileSync("promtool", ["check", "config", join(rulesFolder, "../prometheus.yaml")], {
      encoding: "utf8",
    })
    expect(said).toContain(`SUCCESS: ${files.length} rule files found`)
  })

  it("the rules are well-formed", () => {
    expect(execFileSync("promtool", ["check", "rules", ...files], { encoding: "utf8" })).not.toContain(
      "FAILED",
    )
  })

  const severityOf = (alert: string) =>
    /severity: (\w+)/.exec(alerts.find(({ name }) => name === alert)?.block ?? "")?.[1]

  const labels = (alert: string, more: Readonly<Record<string, string>>): string =>
    Object.entries({ alertname: alert, alertstate: "firing", severity: severityOf(alert), ...more })
      .map(([name, value]) => `${name}="${value}"`)
      .join(",")

  const testOf = ({ alert, at, fires, series, step = "1m" }: AlertCase) => ({
    rule_files: files,
    evaluation_interval: step,
    // Otherwise recorded values may be a step old, which is too old if a step is longer than Prometheus' lookback.
    group_eval_order: groups,
    tests: [
      {
        interval: step,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
            eval_time: at,
            exp_samples: fires === false ? [] : [{ labels: `ALERTS{${labels(alert, fires)}}`, value: 1 }],
          },
        ],
      },
    ],
  })

  it.each(cases.map((one, index) => ({ ...one, index, does: one.fires === false ? "is silent" : "fires" })))(
    "$alert $does when $when",
    async ({ index, ...one }) => {
      const file = join(folder.path, `case-${index}.yaml`)
      // JSON is YAML.
      writeFileSync(file, JSON.stringify(testOf(one)))
      const said = await promisify(execFile)("promtool", ["test", "rules", file]).catch(
        ({ stderr, stdout }: { readonly stdout: string; readonly stderr: string }) => ({
          stdout: `${stdout}${stderr}`,
        }),
      )
      expect(said.stdout).toContain("SUCCESS")
    },
  )
})

import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { dashboards, json, page } from "../../scripts/grafana-dashboards.ts"
import { all } from "../../src/telemetry/Metrics.ts"
import { temporaryFolder } from "../support/processes.ts"
import { hasPrometheus } from "../support/prometheus.ts"
import { namesIn } from "./promql.ts"

const folder = "docs/observability/grafana/dashboards"
const recording = readFileSync("docs/observability/rules/recording.yaml", "utf8")
const alerts = readFileSync("docs/observability/rules/alerts.yaml", "utf8")
const recorded = Array.from(recording.matchAll(/- record: (\S+)/g), ([, name = ""]) => name)

/** Prometheus adds these to every series. */
const targets = ["instance", "job"]

/** The series of each metric, by their names. */
const series = new Map(
  all.flatMap((metric) =>
    metric.kind === "histogram"
      ? ["_bucket", "_count", "_sum"].map((suffix) => [`${metric.name}${suffix}`, metric] as const)
      : [[metric.name, metric] as const],
  ),
)

const wrongIn = (expr: string): ReadonlyArray<string> => {
  const { labels, metrics } = namesIn(expr)
  const known = metrics.flatMap((name) => series.get(name) ?? [])
  const unknown = metrics.filter((name) => !series.has(name) && !recorded.includes(name) && name !== "up")
  const mayHave = new Set([...targets, "le", ...known.flatMap((metric) => Object.keys(metric.labels))])
  // A recorded series has the labels of its rule.
  if (metrics.some((name) => recorded.includes(name))) mayHave.add("mode")
  const values = labels.filter(([label, value]) => {
    const allowed = known.map((metric) => metric.labels[label]).find((one) => one !== undefined)
    return value !== undefined && Array.isArray(allowed) && !allowed.includes(value)
  })
  return [
    ...unknown.map((name) => `no metric ${name}`),
    ...labels.filter(([label]) => !mayHave.has(label)).map(([label]) => `no label ${label}`),
    ...values.map(([label, value]) => `${label} is never ${value}`),
  ]
}

const exprsOf = (name: string): ReadonlyArray<string> =>
  // oxlint-disable-next-line typescript/no-explicit-any -- Grafana's JSON
  JSON.parse(readFileSync(join(folder, name), "utf8")).panels.flatMap((panel: any) =>
    // oxlint-disable-next-line typescript/no-explicit-any
    (panel.targets ?? []).map(({ expr }: any) => expr),
  )

describe.each(Object.entries(dashboards))("the dashboard %s", (name, dashboard) => {
  it("equals the output of scripts/grafana-dashboards.ts (npm run docs)", () => {
    expect(readFileSync(join(folder, name), "utf8")).toBe(json(dashboard))
  })

  it("names only existing metrics, labels and values", () => {
    const exprs = exprsOf(name)
    expect(exprs.length).toBeGreaterThan(10)
    expect(exprs.flatMap((expr) => wrongIn(expr).map((wrong) => `${wrong}: ${expr}`))).toEqual([])
  })

  it.skipIf(!hasPrometheus())("has only queries that Prometheus can parse", () => {
    const { dispose, path } = temporaryFolder()
    const rules = exprsOf(name).map((expr, index) => ({ record: `q:${index}`, expr }))
    // JSON is YAML.
    writeFileSync(join(path, "rules.yaml"), JSON.stringify({ groups: [{ name: "panels", rules }] }))
    const said = execFileSync("promtool", ["check", "rules", join(path, "rules.yaml")], { encoding: "utf8" })
    expect(said).toContain(`${rules.length} rules found`)
    dispose()
  })

  it("has a valid layout for Grafana: unique ids, no overlap, a query in every panel", () => {
    const { panels, templating } = JSON.parse(json(dashboard))
    // oxlint-disable-next-line typescript/no-explicit-any -- Grafana's JSON
    const all: ReadonlyArray<any> = panels
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    for (const { gridPos, targets: queries, title, type } of all) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      expect([title, type === "row" || queries.length > 0]).toEqual([title, true])
    }
    const cells = all.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(templating.list[0].type).toBe("datasource")
  })
})

describe("the alerts", () => {
  it("name only existing metrics, labels and values", () => {
    const exprs = Array.from(
      `${alerts}\n${recording}`.matchAll(/expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)/g),
      ([, block, line]) => (block ?? line ?? "").replaceAll(/\s+/g, " ").trim(),
    )
    expect(exprs.length).toBeGreaterThan(20)
    expect(exprs.flatMap((expr) => wrongIn(expr).map((wrong) => `${wrong}: ${expr}`))).toEqual([])
  })
})

describe("the names in an expression", () => {
  it("are found between functions, windows, groups and strings", () => {
    const expr =
      'histogram_quantile(0.9, sum by (mode, le) (rate(a_bucket{code="x{y}", mode=~"b|c"}[5m]))) / on (d) c:e:rate5m offset 5m > bool 2 and absent(up)'
    expect(namesIn(expr.replace("x{y}", "xy"))).toEqual({
      metrics: ["a_bucket", "c:e:rate5m", "up"],
      labels: [
        ["code", "xy"],
        ["mode", undefined],
        ["mode", undefined],
        ["le", undefined],
        ["d", undefined],
      ],
    })
    expect(wrongIn('sum by (color) (chat_execution_total{mode="neither"}) + nothing_total')).toEqual([
      "no metric nothing_total",
      "no label color",
      "mode is never neither",
    ])
  })
})

describe("the page of the dashboards", () => {
  it("equals the output of scripts/grafana-dashboards.ts (npm run docs)", () => {
    expect(readFileSync("docs/reference/dashboards.md", "utf8")).toBe(page())
  })
})

/**
 * Prints `docs/observability/grafana/dashboards/*.json` and `docs/reference/dashboards.md` from `scripts/grafana`:
 * `npm run docs`. `test/observability/Dashboards.test.ts` compares, and parses every query.
 */
import { writeFileSync } from "node:fs"
import { onCall } from "./grafana/OnCall.ts"
import { overview } from "./grafana/Overview.ts"
import type { Dashboard, Panel, Row } from "./grafana/Panel.ts"

const source = { type: "prometheus", uid: "${datasource}" }
const columns = 24
const height = 8

interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** Four panels of equal width in a line, or fewer. */
const placed = ({ panels }: Row, y: number): ReadonlyArray<readonly [Panel, Place]> => {
  const inLine = Math.min(4, panels.length % 3 === 0 ? 3 : 4, panels.length)
  const w = columns / inLine
  return panels.map((panel, index) => [
    panel,
    { x: (index % inLine) * w, y: y + Math.floor(index / inLine) * height, w, h: height },
  ])
}

const bottom = (places: ReadonlyArray<readonly [Panel, Place]>): number =>
  Math.max(...places.map(([, { h, y }]) => y + h))

const defaults = ({ kind, unit }: Panel) => ({
  unit: unit === "bool" ? "short" : unit,
  ...(unit === "bool" || unit === "percentunit" ? { min: 0, max: 1 } : { min: 0 }),
  ...(kind === "state-timeline"
    ? { mappings: [{ type: "value", options: { 0: { text: "" }, 1: { text: "now" } } }] }
    : {}),
})

const panelOf = (panel: Panel, gridPos: Place, id: number) => ({
  id,
  type: panel.kind,
  title: panel.title,
  description: panel.meaning,
  datasource: source,
  gridPos,
  fieldConfig: { defaults: defaults(panel), overrides: [] },
  targets: panel.queries.map(({ expr, legend }, index) => ({
    refId: String.fromCodePoint(65 + index),
    datasource: source,
    expr,
    legendFormat: legend,
  })),
})

const panelsOf = (rows: ReadonlyArray<Row>): ReadonlyArray<object> => {
  const panels: Array<object> = []
  let y = 0
  for (const row of rows) {
    const gridPos = { x: 0, y, w: columns, h: 1 }
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos,
      panels: [],
    })
    const places = placed(row, y + 1)
    for (const [panel, place] of places) panels.push(panelOf(panel, place, panels.length + 1))
    y = bottom(places)
  }
  return panels
}

export const json = ({ from, refresh, rows, title, uid }: Dashboard): string =>
  `${JSON.stringify(
    {
      uid,
      title,
      tags: ["crossfade"],
      schemaVersion: 39,
      editable: true,
      refresh,
      time: { from, to: "now" },
      templating: {
        list: [
          { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus", current: {} },
        ],
      },
      links: [
        {
          title: "Crossfade",
          type: "dashboards",
          tags: ["crossfade"],
          asDropdown: false,
          includeVars: true,
          keepTime: true,
        },
      ],
      panels: panelsOf(rows),
    },
    null,
    2,
  )}\n`

const cell = (text: string): string => text.replaceAll("|", "\\|")

const tableOf = ({ rows, title }: Dashboard): string =>
  [
    `## ${title}`,
    ...rows.flatMap((row) => [
      `### ${row.title}`,
      [
        "| panel | what it answers | queries |",
        "| --- | --- | --- |",
        ...row.panels.map(({ meaning, queries, title }) => {
          const shown = queries.map(({ expr }) => `\`${cell(expr)}\``).join("<br>")
          return `| ${title} | ${cell(meaning)} | ${shown} |`
        }),
      ].join("\n"),
    ]),
  ].join("\n\n")

export const page = (): string =>
  [
    "# Dashboards",
    "Printed by `scripts/grafana-dashboards.ts` from `scripts/grafana`; do not edit. The dashboards themselves: [`docs/observability/grafana`](../observability/grafana/dashboards). Names: [Metrics](metrics.md); those with colons are [recorded](../observability/rules/recording.yaml).",
    tableOf(overview),
    tableOf(onCall),
  ].join("\n\n") + "\n"

export const dashboards = { "overview.json": overview, "on-call.json": onCall }

if (import.meta.main) {
  const docs = new URL("../docs/", import.meta.url)
  for (const [name, dashboard] of Object.entries(dashboards))
    writeFileSync(new URL(`observability/grafana/dashboards/${name}`, docs), json(dashboard))
  writeFileSync(new URL("reference/dashboards.md", docs), page())
}

/** A chart, with its data as a table for those who cannot see it. */
import { lazy, Suspense } from "preact/compat"
import { useMemo } from "preact/hooks"
import { Fold } from "../chain/Fold.tsx"
import { visible } from "../../domain/PlainText.ts"
import { Loading } from "../kit/Kit.tsx"
import { partsText } from "../text/PartsText.ts"
import { useText } from "../text/Text.ts"
import { type ChartData, type Drawing, drawingOf } from "./ChartRules.ts"
import { PieChart } from "./PieChart.tsx"
import { TablePart } from "./TablePart.tsx"
import type { TableData } from "./TableRules.ts"

const XyPlot = lazy(() => import("./XyPlot.tsx"))

const tableOf = (drawing: Drawing, x: string, value: string): TableData => {
  if (drawing.kind === "none") return { columns: [], rows: [] }
  if (drawing.kind === "pie")
    return {
      columns: [
        { key: "name", title: x },
        { key: "value", title: value, type: "number" },
      ],
      rows: drawing.slices.map(({ name, value: number }) => ({ name, value: number })),
    }
  const { labels, series, xs } = drawing
  return {
    columns: [
      { key: "x", title: x, ...(labels === undefined ? { type: "number" as const } : {}) },
      ...series.map(({ name }, index) => ({ key: `s${index}`, title: name, type: "number" as const })),
    ],
    rows: xs.map((at, row) => ({
      x: labels?.[row] ?? at,
      ...Object.fromEntries(series.map(({ values }, index) => [`s${index}`, values[row] ?? null])),
    })),
  }
}

export const ChartPart = ({ data }: { readonly data: ChartData }) => {
  const t = useText(partsText)
  const drawing = useMemo(() => drawingOf(data), [data])
  const title = data.title ?? t("chart")
  const x = data.xAxis?.name ?? (drawing.kind === "pie" ? t("slice") : "x")
  const y = data.yAxis?.name ?? ""
  return (
    <figure class="part chart-part" aria-label={visible(title)}>
      <figcaption>{visible(title)}</figcaption>
      {drawing.kind === "none" && <p class="quiet">{t("noData")}</p>}
      {drawing.kind === "pie" && <PieChart slices={drawing.slices} name={title} />}
      {drawing.kind === "xy" && (
        <Suspense fallback={<Loading />}>
          <XyPlot drawing={drawing} x={visible(x)} y={visible(y)} />
        </Suspense>
      )}
      {drawing.kind !== "none" && (
        <Fold summary={t("asTable")}>
          <TablePart data={tableOf(drawing, x, t("value"))} />
        </Fold>
      )}
    </figure>
  )
}

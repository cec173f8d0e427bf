/** The charts of the live tab from the points of the series. Pure. Times are epoch milliseconds. */
import type { LiveView } from "../../api/LiveView.ts"
import type { SeriesPoint } from "../../api/SeriesView.ts"
import type { ExecutionMode } from "../../domain/Mode.ts"
import type { Chart, ChartSeries } from "../kit/Chart.ts"
import { duration } from "../kit/Time.tsx"
import type { crossfadeText } from "../text/CrossfadeText.ts"
import { percent } from "../text/HeadlineText.ts"
import { axisMs, bandsOf, rowsOf } from "./Points.ts"

type Words = (key: keyof typeof crossfadeText, parameters?: Record<string, string | number>) => string
type Figure = keyof SeriesPoint["modes"]["direct_llm"]

/** The changes of the global breaker, operator overrides, and the steps of an autopilot. */
const markersOf = (view: LiveView, t: Words): Chart["markers"] => [
  ...view.transitions
    .filter(({ orgId }) => orgId === null)
    .map(({ at, from, to }) => ({ at, label: `${t(from)} → ${t(to)}` })),
  ...view.notifications
    .filter(({ kind }) => kind.startsWith("autopilot."))
    .map(({ at, text }) => ({ at, label: text })),
]

interface Line {
  readonly mode: ExecutionMode
  readonly figure: Figure
  readonly dash?: ChartSeries["dash"]
  readonly name?: string
}

const both = (figure: Figure, dash?: ChartSeries["dash"], name?: string): ReadonlyArray<Line> =>
  (["runtime_orchestrator", "direct_llm"] as const).map((mode) => ({
    mode,
    figure,
    ...(dash === undefined ? {} : { dash }),
    ...(name === undefined ? {} : { name }),
  }))

export const chartsOf = (
  view: LiveView,
  points: ReadonlyArray<SeriesPoint>,
  t: Words,
  tag: string,
): ReadonlyArray<Chart> => {
  const rows = rowsOf(points)
  const { thresholds } = view
  const share = (value: number) => percent(value, tag)
  const frame = {
    times: rows.map(([at]) => at),
    bands: bandsOf(points, t),
    markers: markersOf(view, t),
    // The axis moves with the points, so that a chart changes each 5 s and not each second.
    now: points.at(-1)?.at ?? view.at,
    spanMs: axisMs(points),
    tag,
  }
  const chart = (title: string, lines: ReadonlyArray<Line>, rest: Partial<Chart>): Chart => ({
    ...frame,
    title,
    limits: [],
    format: duration,
    emptyMost: 1000,
    ...rest,
    series: lines.map(({ dash, figure, mode, name }) => ({
      label: name === undefined ? t(mode) : `${t(mode)} ${name}`,
      colour: mode === "direct_llm" ? "direct" : "runtime",
      dash: dash ?? (mode === "direct_llm" ? "dashed" : "solid"),
      values: rows.map(([, point]) => point?.modes[mode][figure] ?? null),
    })),
  })
  const limit = (name: string, value: number, shown: string) => ({
    value,
    label: t("limitOf", { name, value: shown }),
  })
  const number = (value: number) => new Intl.NumberFormat(tag, { maximumFractionDigits: 2 }).format(value)
  const runtime = "runtime_orchestrator" as const
  return [
    chart(t("perSecond"), both("perSecond"), { format: number, emptyMost: 1 }),
    chart(t("success"), both("successRate"), { format: share, most: 1 }),
    chart(
      t("faultsOfRuntime"),
      [
        { mode: runtime, figure: "errorRate", name: t("error") },
        { mode: runtime, figure: "timeoutRate", name: t("timeout"), dash: "dotted" },
      ],
      {
        format: share,
        most: 1,
        limits: [
          limit(t("error"), thresholds.errorRate, share(thresholds.errorRate)),
          limit(t("timeout"), thresholds.timeoutRate, share(thresholds.timeoutRate)),
        ],
      },
    ),
    chart(
      t("latency"),
      [
        ...both("p50LatencyMs", "solid", "P50"),
        ...both("p95LatencyMs", "dashed", "P95"),
        ...both("p99LatencyMs", "dotted", "P99"),
      ],
      { limits: [limit(t("meanLatency"), thresholds.meanLatencyMs, duration(thresholds.meanLatencyMs))] },
    ),
    chart(
      t("firstContent"),
      [...both("p50FirstContentMs", "solid", "P50"), ...both("p95FirstContentMs", "dashed", "P95")],
      {
        limits: [
          limit(t("noProgress"), thresholds.firstProgressLimitMs, duration(thresholds.firstProgressLimitMs)),
        ],
      },
    ),
    chart(t("inFlight"), both("inFlight"), { format: number, emptyMost: 1 }),
  ]
}

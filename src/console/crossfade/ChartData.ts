/** The charts of the live tab from the points of the series. Pure. Times are epoch milliseconds. */
import type { LiveView } from "../../api/LiveView.ts"
import type { SeriesPoint } from "../../api/SeriesView.ts"
import type { BreakerState } from "../../domain/BreakerState.ts"
import type { ExecutionMode } from "../../domain/Mode.ts"
import type { Chart, ChartSeries } from "../kit/TimeChart.tsx"
import { duration } from "../kit/Time.tsx"
import type { crossfadeText } from "../text/CrossfadeText.ts"
import { percent } from "../text/HeadlineText.ts"
import { isGap, spanMs } from "./SeriesFeed.ts"

type Words = (key: keyof typeof crossfadeText, parameters?: Record<string, string | number>) => string
type Figure = keyof SeriesPoint["modes"]["direct_llm"]

const colours: Readonly<Record<Exclude<BreakerState, "closed">, "bad" | "warn" | "info">> = {
  open: "bad",
  half_open: "bad",
  ramp: "warn",
  forced_direct: "info",
  forced_runtime: "info",
}

/** The rows of the charts. Undefined: a gap, so that no line joins the points around it. */
export const rowsOf = (
  points: ReadonlyArray<SeriesPoint>,
): ReadonlyArray<readonly [number, SeriesPoint | undefined]> =>
  points.flatMap((point, index) => {
    const before = points[index - 1]
    const row = [point.at, point] as const
    return before !== undefined && isGap(before.at, point.at) ? [[point.at - 1, undefined], row] : [row]
  })

/** The times in which the breaker was not closed. The newest band ends with the newest point. */
export const bandsOf = (points: ReadonlyArray<SeriesPoint>, t: Words): Chart["bands"] => {
  const bands: Array<Chart["bands"][number]> = []
  let state: BreakerState = "closed"
  points.forEach((point, index) => {
    const last = bands.at(-1)
    const before = points[index - 1]
    const isJoined = before !== undefined && !isGap(before.at, point.at)
    if (last !== undefined && isJoined && state !== "closed") bands[bands.length - 1] = { ...last, to: point.at }
    if (point.state !== "closed" && !(isJoined && state === point.state))
      bands.push({ from: point.at, to: point.at, label: t(point.state), colour: colours[point.state] })
    state = point.state
  })
  return bands
}

/** Notifications come with newer services. */
interface WithNotifications {
  readonly notifications?: ReadonlyArray<{ readonly kind: string; readonly at: number; readonly text: string }>
}

/** The changes of the global breaker, operator overrides, and the steps of an autopilot. */
export const markersOf = (view: LiveView & WithNotifications, t: Words): Chart["markers"] => [
  ...view.transitions
    .filter(({ orgId }) => orgId === null)
    .map(({ at, from, to }) => ({ at, label: `${t(from)} → ${t(to)}` })),
  ...(view.notifications ?? [])
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
    spanMs,
    tag,
  }
  const chart = (title: string, lines: ReadonlyArray<Line>, rest: Partial<Chart>): Chart => ({
    ...frame,
    title,
    limits: [],
    format: duration,
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
    chart(t("perSecond"), both("perSecond"), { format: number }),
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
    chart(t("inFlight"), both("inFlight"), { format: number }),
  ]
}

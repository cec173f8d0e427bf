/**
 * A chart over time with its legend. The legend shows the values under the cursor, or else the newest ones, so that the figures
 * need neither a mouse nor colours.
 */
import "./time-chart.css"
import { useEffect, useRef, useState } from "preact/hooks"
import { scheme } from "../Scheme.ts"
import type { Chart, ChartSeries } from "./Chart.ts"
import type { Plot } from "./TimePlot.ts"
import { clock } from "./Time.tsx"

const usePlot = (chart: Chart, hovered: (index: number | null) => void) => {
  const root = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot>(undefined)
  const latest = useRef(chart)
  latest.current = chart
  useEffect(() => {
    let isGone = false
    void import("./TimePlot.ts").then(({ makePlot }) => {
      if (isGone || root.current === null) return
      plot.current = makePlot(root.current, latest.current, hovered)
    })
    const redraw = () => plot.current?.redraw()
    const shown = () => document.hidden || plot.current?.update(latest.current)
    const system = matchMedia("(prefers-color-scheme: dark)")
    system.addEventListener("change", redraw)
    document.addEventListener("visibilitychange", shown)
    const unsubscribe = scheme.subscribe(redraw)
    return () => {
      isGone = true
      unsubscribe()
      system.removeEventListener("change", redraw)
      document.removeEventListener("visibilitychange", shown)
      plot.current?.destroy()
    }
  }, [])
  // A hidden page draws nothing.
  useEffect(() => void (document.hidden || plot.current?.update(chart)), [chart])
  return root
}

const Key = ({ colour, dash }: Pick<ChartSeries, "colour" | "dash">) => (
  <svg class={`chart-key ${colour} ${dash}`} width="22" height="8" aria-hidden="true">
    <line x1="0" y1="4" x2="22" y2="4" />
  </svg>
)

/** `chart` must be stable while nothing changes: wrap it in `useMemo`. */
export const TimeChart = ({ chart }: { readonly chart: Chart }) => {
  const [index, setIndex] = useState<number | null>(null)
  const root = usePlot(chart, setIndex)
  const { format, limits, series, tag, times, title } = chart
  const at = index !== null && index < times.length ? index : times.length - 1
  const time = times[at]
  return (
    <figure class="time-chart" data-points={times.length}>
      <figcaption>
        <h3>{title}</h3>
        <span class="quiet">{time === undefined ? "" : clock(time, tag)}</span>
      </figcaption>
      <div ref={root} class="plot" aria-hidden="true" />
      <ul class="chart-legend">
        {series.map(({ colour, dash, label, values }) => {
          const value = values[at] ?? null
          return (
            <li key={label}>
              <Key colour={colour} dash={dash} />
              {label} <b>{value === null ? "–" : format(value)}</b>
            </li>
          )
        })}
        {limits.map(({ label }) => (
          <li key={label} class="quiet">
            {label}
          </li>
        ))}
      </ul>
    </figure>
  )
}

/** A chart with two axes, drawn by uPlot. Loaded when the first chart is shown. */
import "uplot/dist/uPlot.min.css"
import { useEffect, useRef } from "preact/hooks"
import UPlot from "uplot"
import type { Drawing, Series } from "./ChartRules.ts"

type Xy = Extract<Drawing, { readonly kind: "xy" }>

const colours = ["--accent", "--runtime", "--direct", "--warn", "--bad", "--good"]
const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]]
const height = 260

const seriesOf = ({ look, name }: Series, index: number, colour: string, count: number): UPlot.Series => ({
  label: name,
  stroke: colour,
  width: 2,
  dash: dashes[Math.floor(index / colours.length) % dashes.length] ?? [],
  ...(look === "area" || look === "bar" ? { fill: `color-mix(in srgb, ${colour} 35%, transparent)` } : {}),
  ...(look === "bar" && UPlot.paths.bars !== undefined
    ? { paths: UPlot.paths.bars({ size: [0.7 / count, 60], align: count === 1 ? 0 : index === 0 ? -1 : 1 }) }
    : {}),
  ...(look === "scatter" ? { paths: () => null, points: { show: true, size: 6, fill: colour } } : {}),
})

const optionsOf = (
  { labels, series, xs }: Xy,
  names: { readonly x: string; readonly y: string },
  width: number,
  element: HTMLElement,
): UPlot.Options => {
  const style = getComputedStyle(element)
  const colourOf = (name: string) => style.getPropertyValue(name).trim() || "gray"
  const ink = style.color
  const axis = {
    stroke: ink,
    grid: { stroke: "rgba(128,128,128,.25)" },
    ticks: { stroke: "rgba(128,128,128,.4)" },
  }
  return {
    width,
    height,
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: {
        time: false,
        ...(labels === undefined ? {} : { range: () => [-0.5, Math.max(0.5, xs.length - 0.5)] }),
      },
      y: {
        range: (_, low, high) =>
          UPlot.rangeNum(
            series.every(({ look }) => look === "line" || look === "scatter") ? low : Math.min(0, low),
            Math.max(high, low === high ? low + 1 : high),
            0.1,
            true,
          ),
      },
    },
    axes: [
      {
        ...axis,
        label: names.x,
        ...(labels === undefined
          ? {}
          : {
              splits: () => labels.map((_, index) => index),
              values: (_: UPlot, at: ReadonlyArray<number>) => thinned(labels, at, width),
            }),
      },
      { ...axis, label: names.y, size: 60 },
    ],
    series: [
      {
        label: names.x,
        ...(labels === undefined ? {} : { value: (_: UPlot, at: number) => labels[at] ?? "" }),
      },
      ...series.map((one, index) =>
        seriesOf(one, index, colourOf(colours[index % colours.length] ?? "--ink"), series.length),
      ),
    ],
  }
}

/** The labels that have room. */
const thinned = (labels: ReadonlyArray<string>, at: ReadonlyArray<number>, width: number) => {
  const longest = Math.max(1, ...labels.map((label) => Math.min(14, label.length)))
  const step = Math.max(1, Math.ceil((labels.length * longest * 8) / Math.max(1, width - 60)))
  return at.map((index) => (index % step === 0 ? (labels[index] ?? "").slice(0, 14) : ""))
}

const XyPlot = ({ drawing, x, y }: { readonly drawing: Xy; readonly x: string; readonly y: string }) => {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const data: UPlot.AlignedData = [[...drawing.xs], ...drawing.series.map(({ values }) => [...values])]
    const make = () => {
      const width = Math.max(160, element.clientWidth)
      return new UPlot(optionsOf(drawing, { x, y }, width, element), data, element)
    }
    let plot = make()
    const again = () => {
      plot.destroy()
      plot = make()
    }
    let width = element.clientWidth
    const resize = new ResizeObserver(() => {
      if (element.clientWidth === width) return
      width = element.clientWidth
      again()
    })
    resize.observe(element)
    // The colours are those of the scheme when the plot was made.
    const scheme = matchMedia("(prefers-color-scheme: dark)")
    const chosen = new MutationObserver(again)
    scheme.addEventListener("change", again)
    chosen.observe(document.documentElement, { attributeFilter: ["data-scheme"] })
    return () => {
      resize.disconnect()
      chosen.disconnect()
      scheme.removeEventListener("change", again)
      plot.destroy()
    }
  }, [drawing, x, y])
  return <div ref={box} class="plot" aria-hidden="true" />
}

export default XyPlot

/** A chart with two axes, drawn by uPlot. Loaded when the first chart is shown. */
import "uplot/dist/uPlot.min.css"
import { useEffect, useRef } from "preact/hooks"
import UPlot from "uplot"
import type { Drawing, Series } from "./ChartRules.ts"
import { visible } from "../../domain/PlainText.ts"

type Xy = Extract<Drawing, { readonly kind: "xy" }>

const colours = ["--accent", "--runtime", "--direct", "--warn", "--bad", "--good"]
const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]]
const height = 260

/** The bars of a label share eight tenths of its room. */
const barsOf = (
  xs: ReadonlyArray<number>,
  place: number,
  count: number,
): UPlot.Series.PathBuilder | undefined => {
  const size = 0.8 / count
  return UPlot.paths.bars?.({
    disp: {
      x0: { unit: 1, values: () => xs.map((x) => x - 0.4 + place * size) },
      size: { unit: 1, values: () => [size] },
    },
  })
}

const seriesOf = (
  { look, name }: Series,
  index: number,
  colour: string,
  bars: UPlot.Series.PathBuilder | undefined,
): UPlot.Series => ({
  label: visible(name),
  stroke: colour,
  width: 2,
  dash: dashes[Math.floor(index / colours.length) % dashes.length] ?? [],
  ...(look === "area" || look === "bar" ? { fill: `color-mix(in srgb, ${colour} 35%, transparent)` } : {}),
  ...(look === "bar" && bars !== undefined ? { paths: bars, points: { show: false } } : {}),
  ...(look === "scatter" ? { paths: () => null, points: { show: true, size: 6, fill: colour } } : {}),
})

const axis = (stroke: string) => ({
  stroke,
  grid: { stroke: "rgba(128,128,128,.25)" },
  ticks: { stroke: "rgba(128,128,128,.4)" },
})

/** Areas and bars stand on zero. */
const scalesOf = ({ labels, series, xs }: Xy): UPlot.Scales => {
  const isFree = series.every(({ look }) => look === "line" || look === "scatter")
  return {
    x: {
      time: false,
      ...(labels === undefined ? {} : { range: () => [-0.5, Math.max(0.5, xs.length - 0.5)] }),
    },
    y: {
      range: (_, low, high) =>
        UPlot.rangeNum(isFree ? low : Math.min(0, low), low === high ? low + 1 : high, 0.1, true),
    },
  }
}

const labelsOf = (labels: ReadonlyArray<string> | undefined, width: number): UPlot.Axis =>
  labels === undefined
    ? {}
    : {
        splits: () => labels.map((_, index) => index),
        values: (_, at) => thinned(labels, at, width),
      }

const optionsOf = (
  drawing: Xy,
  names: { readonly x: string; readonly y: string },
  width: number,
  element: HTMLElement,
): UPlot.Options => {
  const { labels, series, xs } = drawing
  const style = getComputedStyle(element)
  const colourOf = (index: number) =>
    style.getPropertyValue(colours[index % colours.length] ?? "--ink").trim() || "gray"
  const bars = series.filter(({ look }) => look === "bar")
  return {
    width,
    height,
    cursor: { drag: { x: false, y: false } },
    scales: scalesOf(drawing),
    axes: [
      { ...axis(style.color), label: names.x, ...labelsOf(labels, width) },
      { ...axis(style.color), label: names.y, size: 60 },
    ],
    series: [
      { label: names.x, ...(labels === undefined ? {} : { value: (_, at) => labels[at] ?? "" }) },
      ...series.map((one, index) =>
        seriesOf(one, index, colourOf(index), barsOf(xs, bars.indexOf(one), bars.length)),
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
  return <div ref={box} class="xy-plot" aria-hidden="true" />
}

export default XyPlot

/** Draws one chart with uPlot. Loaded on demand. Colours are read when they are drawn, so that another scheme applies at once. */
import "uplot/dist/uPlot.min.css"
import uPlot from "uplot"
import type { Chart, ChartColour } from "./Chart.ts"

/** A difference beside the colour. */
const widths = { runtime: 2.4, direct: 1.2 } as const
const dashes = { solid: [], dashed: [6, 4], dotted: [2, 3] } as const

/** Canvas knows no CSS variables: an element gives their values. */
const coloursOf = (root: HTMLElement) => {
  const probe = root.appendChild(document.createElement("span"))
  return (colour: ChartColour | "soft" | "line"): string => {
    probe.style.color = `var(--${colour})`
    return getComputedStyle(probe).color
  }
}

type Colours = ReturnType<typeof coloursOf>

const left = (plot: uPlot, at: number): number =>
  Math.min(Math.max(plot.valToPos(at / 1000, "x", true), plot.bbox.left), plot.bbox.left + plot.bbox.width)

const drawBands = (plot: uPlot, { bands }: Chart, colours: Colours): void => {
  const { ctx } = plot
  const { height, top } = plot.bbox
  for (const { colour, from, label, to } of bands) {
    const [start, end] = [left(plot, from), left(plot, to)]
    if (end <= start) continue
    ctx.fillStyle = colours(`${colour}-soft`)
    ctx.fillRect(start, top, end - start, height)
    if (end - start < ctx.measureText(label).width + 8) continue
    ctx.fillStyle = colours(colour)
    ctx.textAlign = "left"
    ctx.textBaseline = "top"
    ctx.fillText(label, start + 4, top + 3)
  }
}

const drawMarkers = (plot: uPlot, { markers }: Chart, colours: Colours): void => {
  const { ctx } = plot
  const { height, top } = plot.bbox
  for (const { at } of markers) {
    const x = plot.valToPos(at / 1000, "x", true)
    if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue
    ctx.strokeStyle = colours("soft")
    ctx.setLineDash([2, 3])
    ctx.beginPath()
    ctx.moveTo(x, top)
    ctx.lineTo(x, top + height)
    ctx.stroke()
    ctx.fillStyle = colours("soft")
    ctx.beginPath()
    ctx.moveTo(x - 5, top + height)
    ctx.lineTo(x + 5, top + height)
    ctx.lineTo(x, top + height - 8)
    ctx.fill()
  }
}

const drawLimits = (plot: uPlot, { limits }: Chart, colours: Colours): void => {
  const { ctx } = plot
  const { height, left: start, top, width } = plot.bbox
  for (const { label, value } of limits) {
    const y = plot.valToPos(value, "y", true)
    if (!(y > top && y < top + height)) continue
    ctx.strokeStyle = colours("bad")
    ctx.setLineDash([8, 4])
    ctx.beginPath()
    ctx.moveTo(start, y)
    ctx.lineTo(start + width, y)
    ctx.stroke()
    ctx.fillStyle = colours("bad")
    ctx.textAlign = "right"
    ctx.textBaseline = "bottom"
    ctx.fillText(label, start + width - 4, y - 2)
  }
}

const drawUnder = (plot: uPlot, chart: Chart, colours: Colours): void => {
  plot.ctx.save()
  plot.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
  drawBands(plot, chart, colours)
  drawMarkers(plot, chart, colours)
  drawLimits(plot, chart, colours)
  plot.ctx.restore()
}

const dataOf = ({ series, times }: Chart): uPlot.AlignedData => [
  times.map((at) => at / 1000),
  ...series.map(({ values }) => [...values]),
]

const axesOf = (chart: () => Chart, colours: Colours): Array<uPlot.Axis> => {
  const looks = {
    stroke: () => colours("soft"),
    grid: { stroke: () => colours("line"), width: 1 },
    ticks: { stroke: () => colours("line"), width: 1 },
    font: "11px system-ui, sans-serif",
  }
  const clock = (at: number) =>
    new Date(at * 1000).toLocaleTimeString(chart().tag, {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    })
  return [
    { ...looks, space: 70, values: (_, splits) => splits.map(clock) },
    { ...looks, size: 64, values: (_, splits) => splits.map((value) => chart().format(value)) },
  ]
}

const optionsOf = (
  chart: () => Chart,
  colours: Colours,
  hovered: (index: number | null) => void,
): uPlot.Options => ({
  width: 300,
  height: 150,
  legend: { show: false },
  cursor: { sync: { key: "time" }, drag: { x: false, y: false }, y: false },
  scales: {
    x: { time: true, range: () => [(chart().now - chart().spanMs) / 1000, chart().now / 1000] },
    y: { range: (_, __, max) => [0, chart().most ?? (max > 0 ? max * 1.15 : chart().emptyMost)] },
  },
  axes: axesOf(chart, colours),
  series: [
    {},
    ...chart().series.map(({ colour, dash, label }) => ({
      label,
      stroke: () => colours(colour),
      width: widths[colour],
      dash: [...dashes[dash]],
      points: { show: false },
      spanGaps: false,
    })),
  ],
  hooks: {
    drawClear: [(plot) => drawUnder(plot, chart(), colours)],
    setCursor: [(plot) => hovered(plot.cursor.idx ?? null)],
  },
})

export interface Plot {
  readonly update: (chart: Chart) => void
  readonly redraw: () => void
  readonly destroy: () => void
}

/** `hovered` gets the index of the point under the cursor. The series of a chart keep their number. */
export const makePlot = (root: HTMLElement, first: Chart, hovered: (index: number | null) => void): Plot => {
  let chart = first
  const colours = coloursOf(root)
  const plot = new uPlot(
    optionsOf(() => chart, colours, hovered),
    dataOf(first),
    root,
  )
  const resize = () => {
    const width = Math.floor(root.clientWidth)
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height })
  }
  const observer = new ResizeObserver(resize)
  observer.observe(root)
  resize()
  return {
    update: (next) => {
      chart = next
      plot.setData(dataOf(next))
    },
    redraw: () => plot.redraw(false, true),
    destroy: () => {
      observer.disconnect()
      plot.destroy()
      root.replaceChildren()
    },
  }
}

/** A value with its interval on a line, beside marks. The numbers stand in the table around it. */
import "./whisker.css"

const width = 200
const rowHeight = 16

export interface Interval {
  readonly value: number
  /** Null: unknown; the line then goes to the edge. */
  readonly low: number | null
  readonly high: number | null
  /** A class that gives the colour. */
  readonly look: string
}

export interface Mark {
  readonly at: number
  readonly look: "zero" | "margin"
}

const Row = ({
  interval,
  place,
  y,
}: {
  readonly interval: Interval
  readonly y: number
  readonly place: (value: number) => number
}) => {
  const { high, look, low, value } = interval
  const from = low === null ? 0 : place(low)
  const to = high === null ? width : place(high)
  return (
    <g class={look}>
      <line x1={from} x2={to} y1={y} y2={y} class={low === null || high === null ? "open" : ""} />
      {low !== null && <line x1={from} x2={from} y1={y - 4} y2={y + 4} />}
      {high !== null && <line x1={to} x2={to} y1={y - 4} y2={y + 4} />}
      <circle cx={place(value)} cy={y} r={3.5} />
    </g>
  )
}

export const Whisker = ({
  axis,
  intervals,
  label,
  marks = [],
}: {
  readonly axis: readonly [number, number]
  readonly intervals: ReadonlyArray<Interval>
  readonly marks?: ReadonlyArray<Mark>
  readonly label: string
}) => {
  const [from, to] = axis
  const place = (value: number) => Math.min(width, Math.max(0, ((value - from) / (to - from || 1)) * width))
  const height = rowHeight * intervals.length + 4
  return (
    <svg class="whisker" viewBox={`-5 0 ${width + 10} ${height}`} role="img" aria-label={label}>
      {marks.map(({ at, look }) => (
        <line key={look} class={look} x1={place(at)} x2={place(at)} y1={0} y2={height} />
      ))}
      {intervals.map((interval, row) => (
        <Row key={interval.look} interval={interval} place={place} y={rowHeight * (row + 0.5) + 2} />
      ))}
    </svg>
  )
}

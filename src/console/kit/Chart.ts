/** A chart as a value: `TimeChart` shows it. */

export type ChartColour =
  | "runtime"
  | "direct"
  | "bad"
  | "warn"
  | "info"
  | "bad-soft"
  | "warn-soft"
  | "info-soft"

export interface ChartSeries {
  readonly label: string
  readonly colour: "runtime" | "direct"
  readonly dash: "solid" | "dashed" | "dotted"
  /** One for each time. Null: a gap. */
  readonly values: ReadonlyArray<number | null>
}

/** Times are epoch milliseconds. */
export interface Chart {
  readonly title: string
  readonly times: ReadonlyArray<number>
  readonly series: ReadonlyArray<ChartSeries>
  readonly bands: ReadonlyArray<{
    readonly from: number
    readonly to: number
    readonly label: string
    readonly colour: "bad" | "warn" | "info"
  }>
  readonly markers: ReadonlyArray<{ readonly at: number; readonly label: string }>
  /** A horizontal line each. */
  readonly limits: ReadonlyArray<{ readonly value: number; readonly label: string }>
  readonly format: (value: number) => string
  /** The end of the axis, and its length. */
  readonly now: number
  readonly spanMs: number
  /** The top of the axis, such as 1 for shares. */
  readonly most?: number
  /** The top of the axis while all values are 0 or missing. */
  readonly emptyMost: number
  /** The language. */
  readonly tag: string
}

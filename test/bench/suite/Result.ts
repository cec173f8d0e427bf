/** A lane's result, as JSON and as a table. */

export interface Figure {
  readonly lane: string
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly spread?: readonly [number, number]
  /** The ratio to the floor, or to a peer. */
  readonly ratio?: {
    readonly to: string
    readonly value: number
    readonly target?: string
    readonly met?: boolean
  }
  readonly target?: string
  readonly met?: boolean
}

const number = (value: number): string =>
  Number.isNaN(value)
    ? "-"
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2)

const verdict = (target: string | undefined, met: boolean | undefined): string =>
  target === undefined ? "" : `${target}: ${met === true ? "met" : "**missed**"}`

export const table = (figures: ReadonlyArray<Figure>): string =>
  [
    "| lane | what | value | half of the rounds | ratio | target |",
    "| --- | --- | --- | --- | --- | --- |",
    ...figures.map(({ lane, met, ratio, spread, target, unit, value, what }) => {
      const between = spread === undefined ? "" : `${number(spread[0])}-${number(spread[1])}`
      const shown = ratio === undefined ? "" : `${number(ratio.value)}x ${ratio.to}`
      return `| ${lane} | ${what} | ${number(value)} ${unit} | ${between} | ${shown} | ${verdict(ratio?.target ?? target, ratio?.met ?? met)} |`
    }),
  ].join("\n")

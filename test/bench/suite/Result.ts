/** A lane's result, as JSON and as a table. */
import { median, ratios, spread } from "./Statistics.ts"

interface Judged {
  readonly target?: string
  readonly met?: boolean
}

interface Measure {
  readonly value: number
  /** The middle half of the rounds lies between these. */
  readonly spread?: readonly [number, number]
}

/** The ratio to the floor, or to a peer. */
export interface Ratio extends Measure, Judged {
  readonly to: string
}

export interface Figure extends Measure, Judged {
  readonly lane: string
  readonly what: string
  readonly unit: string
  readonly rounds?: number
  readonly ratio?: Ratio
}

/** The median of the rounds. */
export const ofRounds = (values: ReadonlyArray<number>): Pick<Figure, "value" | "spread" | "rounds"> => ({
  value: median(values),
  spread: spread(values),
  rounds: values.length,
})

/** The median of the ratios of all rounds. */
export const ratioTo = (to: string, values: ReadonlyArray<number>, bases: ReadonlyArray<number>): Ratio => {
  const all = ratios(values, bases)
  return { to, value: median(all), spread: spread(all) }
}

export const atMost = <A extends Measure>(measure: A, limit: number, unit: string): A & Judged => ({
  ...measure,
  target: `<= ${limit}${unit}`,
  met: measure.value <= limit,
})

export const atLeast = <A extends Measure>(measure: A, limit: number, unit: string): A & Judged => ({
  ...measure,
  target: `>= ${limit}${unit}`,
  met: measure.value >= limit,
})

const number = (value: number): string =>
  Number.isNaN(value)
    ? "-"
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2)

const between = (ends: readonly [number, number] | undefined): string =>
  ends === undefined ? "" : `${number(ends[0])}-${number(ends[1])}`

const verdict = ({ met, target }: Judged): string =>
  target === undefined ? "" : `${target}: ${met === true ? "met" : "**missed**"}`

const row = (figure: Figure): string => {
  const { lane, ratio, rounds, unit, value, what } = figure
  const cells = [
    lane,
    what,
    `${number(value)} ${unit}`.trim(),
    between(figure.spread),
    ratio === undefined ? "" : `${number(ratio.value)}x ${ratio.to}`,
    between(ratio?.spread),
    rounds ?? "",
    verdict(ratio?.target === undefined ? figure : ratio),
  ]
  return `| ${cells.join(" | ")} |`
}

export const table = (figures: ReadonlyArray<Figure>): string =>
  [
    "| lane | what | value | half of the rounds | ratio | half of the ratios | rounds | target |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...figures.map(row),
  ].join("\n")

/**
 * Prometheus' text format as series, to compare it with the series over OTLP. A histogram is its count, sum and
 * buckets.
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const number = (text: string): number =>
  text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text)

const labelsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [
      name!,
      value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
    ]),
  )

export const parse = (text: string): ReadonlyArray<Sample> =>
  text.split("\n").flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line)
    return found === null
      ? []
      : [{ name: found[1]!, labels: labelsOf(found[2] ?? ""), value: number(found[3]!) }]
  })

/** The labels are sorted, so that one series has the same key in both sources. */
export const keyOf = ({ labels, name }: Omit<Sample, "value">): string =>
  `${name} ${Object.keys(labels)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((label) => `${label}=${labels[label]}`)
    .join(",")}`

/**
 * The metrics of all workers as one page in Prometheus' text format. Counters and histograms are sums, with the last
 * values of workers that ended, so they never go backwards. Gauges are those of the living workers, each with the
 * label `worker`: the sum of a percentage or of "the database answers" would mean nothing. Pure.
 */

/** The last page of a process. */
export interface Page {
  readonly worker: number
  readonly isAlive: boolean
  readonly text: string
}

interface Family {
  readonly head: Array<string>
  readonly isGauge: boolean
  /** Values by series, in the order of their first appearance. */
  readonly values: Map<string, number>
}

const withLabel = (series: string, worker: number): string =>
  series.endsWith("}") ? `${series.slice(0, -1)},worker="${worker}"}` : `${series}{worker="${worker}"}`

const numberOf = (text: string): number => (text === "+Inf" ? Infinity : Number(text))
const textOf = (value: number): string => (value === Infinity ? "+Inf" : String(value))

/** `# HELP name …` and `# TYPE name …` precede the series of a metric. */
const familyOf = (families: Map<string, Family>, line: string, help: ReadonlyArray<string>): Family => {
  const [, , name = "", kind] = line.split(" ")
  const known = families.get(name)
  if (known !== undefined) return known
  const made: Family = { head: [...help, line], isGauge: kind === "gauge", values: new Map() }
  families.set(name, made)
  return made
}

const addTo = (families: Map<string, Family>, { isAlive, text, worker }: Page): void => {
  let help: ReadonlyArray<string> = []
  let family: Family | undefined
  for (const line of text.split("\n")) {
    if (line.startsWith("# HELP ")) help = [line]
    else if (line.startsWith("# TYPE ")) {
      family = familyOf(families, line, help)
      help = []
    } else if (family !== undefined && line !== "" && (isAlive || !family.isGauge)) {
      const space = line.lastIndexOf(" ")
      const series = line.slice(0, space)
      const value = numberOf(line.slice(space + 1))
      if (family.isGauge) family.values.set(withLabel(series, worker), value)
      else family.values.set(series, (family.values.get(series) ?? 0) + value)
    }
  }
}

const textOfFamily = ({ head, values }: Family): ReadonlyArray<string> => [
  ...head,
  ...[...values].map(([series, value]) => `${series} ${textOf(value)}`),
]

/** One page from the pages of all processes. */
export const merge = (pages: ReadonlyArray<Page>): string => {
  const families = new Map<string, Family>()
  for (const page of pages) addTo(families, page)
  const lines = [...families.values()].filter(({ values }) => values.size > 0).flatMap(textOfFamily)
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}

/**
 * One seed's run as a picture: the chats by start time and by the mode that answered, the faults as shaded windows,
 * and the state of the breaker below; one panel per policy. Pure text: SVG without scripts or embedded fonts,
 * readable on light and on dark.
 */
import { lastOn, type Scenario } from "./Scenario.ts"
import type { Move, Slice, Tally } from "./SimulationTally.ts"

interface Panel {
  readonly policy: string
  readonly tally: Tally<never>
}

const width = 960
const left = 56
const right = 16
const top = 74
const chartHeight = 120
const bandHeight = 14
const panelHeight = chartHeight + bandHeight + 58
const plotWidth = width - left - right
/** Share of the displayed time before the first fault and after the last. */
const margin = 0.3

interface Range {
  readonly fromMs: number
  readonly toMs: number
}

interface Stretch extends Range {
  readonly state: Move["state"]
  readonly share: number
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const round = (value: number): string => String(Math.round(value * 10) / 10)

/** The faults with some time around them; the whole run if there are none. */
const rangeOf = ({ faults, seconds }: Scenario): Range => {
  if (faults.length === 0) return { fromMs: 0, toMs: seconds * 1000 }
  const from = Math.min(...faults.map((fault) => fault.from))
  const to = Math.max(...faults.map((fault) => fault.to))
  const around = margin * (to - from)
  return { fromMs: Math.max(0, from - around) * 1000, toMs: Math.min(seconds, to + around) * 1000 }
}

const xOf = ({ fromMs, toMs }: Range, atMs: number): number =>
  left + (plotWidth * (Math.min(toMs, Math.max(fromMs, atMs)) - fromMs)) / (toMs - fromMs)

const rect = (range: Range, { fromMs, toMs }: Range, y: number, height: number, look: string): string => {
  const x = xOf(range, fromMs)
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(xOf(range, toMs) - x)}" height="${height}" ${look}`
}

/** The windows in which each fault is on; a flapping one has several. */
const faultWindows = ({ faults }: Scenario): ReadonlyArray<Range> =>
  faults.flatMap((fault) => {
    const { flapping, from } = fault
    const period = flapping === undefined ? Number.POSITIVE_INFINITY : flapping.on + flapping.off
    const windows: Array<Range> = []
    for (let start = from; start < lastOn(fault); start += period) {
      const to = Math.min(fault.to, start + (flapping?.on ?? Number.POSITIVE_INFINITY))
      windows.push({ fromMs: start * 1000, toMs: to * 1000 })
    }
    return windows
  })

const kinds = ["runtime", "direct", "failed"] as const

/** The upper edge of the stack up to and including `kinds[index]`, as a share. */
const edgeOf = (slice: Slice, index: number): number => {
  const total = slice.runtime + slice.direct + slice.failed
  if (total === 0) return 0
  return kinds.slice(0, index + 1).reduce((sum, kind) => sum + slice[kind], 0) / total
}

/** Drawn in steps, because each value covers a slice of time. */
const area = (range: Range, { slices, sliceMs }: Tally<never>, index: number, bottom: number): string => {
  const y = (share: number) => round(bottom - share * chartHeight)
  const shown = slices
    .map((slice, number) => ({ slice, fromMs: number * sliceMs, toMs: (number + 1) * sliceMs }))
    .filter(({ fromMs, slice, toMs }) => {
      const isEmpty = slice.runtime + slice.direct + slice.failed === 0
      return !isEmpty && toMs > range.fromMs && fromMs < range.toMs
    })
  const steps = shown.map(({ fromMs, slice, toMs }) => {
    const [x1, x2] = [round(xOf(range, fromMs)), round(xOf(range, toMs))]
    const [low, high] = [index === 0 ? 0 : edgeOf(slice, index - 1), edgeOf(slice, index)]
    return low === high ? "" : `M${x1} ${y(low)}V${y(high)}H${x2}V${y(low)}Z`
  })
  return `<path class="${kinds[index]}" d="${steps.join("")}"/>`
}

const stretchesOf = ({ durationMs, moves }: Tally<never>): ReadonlyArray<Stretch> => {
  const begin: Move = { atMs: 0, state: "closed", share: 1 }
  const all = [begin, ...moves]
  return all.map(({ atMs, share, state }, index) => ({
    state,
    share,
    fromMs: atMs,
    toMs: all[index + 1]?.atMs ?? durationMs,
  }))
}

const stateBand = (range: Range, tally: Tally<never>, y: number): string =>
  stretchesOf(tally)
    .filter(({ fromMs, toMs }) => toMs > range.fromMs && fromMs < range.toMs)
    .map((stretch) => {
      const { fromMs, share, state, toMs } = stretch
      const says = `${state}${state === "ramp" ? ` ${share * 100} %` : ""}, ${round(fromMs / 1000)} s to ${round(toMs / 1000)} s`
      const look = `class="${state}"${state === "ramp" ? ` fill-opacity="${0.35 + share / 2}"` : ""}`
      return `${rect(range, stretch, y, bandHeight, look)}><title>${says}</title></rect>`
    })
    .join("")

/** Whole minutes, or hours for a long run: at most twelve. */
const ticks = ({ fromMs, toMs }: Range): ReadonlyArray<{ readonly atMs: number; readonly label: string }> => {
  const minute = 60_000
  const steps = [1, 2, 5, 10, 30, 60, 120, 360, 720, 1440, 2880]
  const step = (steps.find((minutes) => (toMs - fromMs) / (minutes * minute) <= 12) ?? 5760) * minute
  const first = Math.ceil(fromMs / step)
  const count = Math.floor(toMs / step) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const atMs = (first + index) * step
    return { atMs, label: step < 60 * minute ? `${atMs / minute} min` : `${atMs / (60 * minute)} h` }
  })
}

const panel = (scenario: Scenario, { policy, tally }: Panel, y: number): string => {
  const range = rangeOf(scenario)
  const bottom = y + 20 + chartHeight
  const shades = faultWindows(scenario).map(
    (window) => `${rect(range, window, y + 20, chartHeight, 'class="fault"')}/>`,
  )
  const axis = ticks(range).map(({ atMs, label }) => {
    const x = round(xOf(range, atMs))
    return `<path class="tick" d="M${x} ${y + 20}V${bottom}"/><text x="${x}" y="${bottom + bandHeight + 20}" text-anchor="middle">${label}</text>`
  })
  return [
    `<text x="${left}" y="${y + 12}" class="name">${escaped(policy)}</text>`,
    ...kinds.map((_, index) => area(range, tally, index, bottom)),
    ...shades,
    ...axis,
    ...["100 %", "0 %"].map(
      (label, index) =>
        `<text x="${left - 6}" y="${y + 24 + index * chartHeight}" text-anchor="end">${label}</text>`,
    ),
    stateBand(range, tally, bottom + 4),
    `<text x="${left - 6}" y="${bottom + bandHeight + 1}" text-anchor="end">state</text>`,
  ].join("\n")
}

const style = `
text{font:12px system-ui,sans-serif;fill:#24292f}.name,.title{font-weight:600}.title{font-size:15px}
.paper{fill:#fff}.runtime{fill:#6cb0f5}.direct{fill:#f5c266}.failed{fill:#d1242f}
.fault{fill:#57606a;fill-opacity:.14;stroke:#57606a;stroke-opacity:.5;stroke-dasharray:3 3}
.tick{stroke:#57606a;stroke-opacity:.25;fill:none}
.closed{fill:#2da44e}.open{fill:#57606a}.half_open,.ramp{fill:#bf8700}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.runtime{fill:#2f6fb5}.direct{fill:#b98325}
.failed{fill:#ff6b63}.fault{fill:#c9d1d9;stroke:#c9d1d9}.tick{stroke:#c9d1d9}.open{fill:#8b949e}}`

const legend = (): string => {
  const entries = [
    ["runtime", "answered by the runtime"],
    ["direct", "by direct mode"],
    ["failed", "failed"],
    ["fault", "fault"],
    ["closed", "closed"],
    ["open", "open"],
    ["ramp", "on the way back"],
  ] as const
  let x = left
  return entries
    .map(([look, label]) => {
      const at = x
      x += 30 + label.length * 6.7
      return `<rect x="${round(at)}" y="42" width="12" height="12" class="${look}"/><text x="${round(at + 17)}" y="52">${label}</text>`
    })
    .join("")
}

export const svg = (scenario: Scenario, panels: ReadonlyArray<Panel>): string => {
  const height = top + panels.length * panelHeight
  const title = `Simulated: ${scenario.name}`
  const about =
    `Shares of the chats that began at a time, by who answered them, under ${panels.map(({ policy }) => policy).join(", ")}; ` +
    `${Number(scenario.turnsPerSecond.toPrecision(2))} turns a second of ${scenario.orgs} organisations, one seed. Below each chart the state of the breaker.`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title about">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="about">${escaped(about)}</desc>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text x="${left}" y="26" class="title">${escaped(title)}</text>`,
    legend(),
    ...panels.map((shown, index) => panel(scenario, shown, top + index * panelHeight)),
    "</svg>\n",
  ].join("\n")
}

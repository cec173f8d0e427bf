/** One live view as lines of a terminal. Pure: the same view and the same size give the same lines. */
import type { LiveView } from "../api/LiveView.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import { printableLine } from "./Columns.ts"
import { headlineText, wrapped } from "./HeadlineText.ts"

export interface Screen {
  readonly url: string
  readonly view: LiveView | undefined
  /** The 95th percentiles of each mode, oldest first. */
  readonly history: Readonly<Record<ExecutionMode, ReadonlyArray<number>>>
  /** The reason why the view is old; undefined while it is fresh. */
  readonly trouble: string | undefined
}

interface Size {
  readonly columns: number
  readonly rows: number
  readonly coloured: boolean
}

type Paint = (colour: keyof typeof colours, text: string) => string
const colours = { dim: 2, red: 31, green: 32, yellow: 33, bold: 1 } as const

const clock = (at: number): string => new Date(at).toTimeString().slice(0, 8)

export const span = (ms: number): string =>
  ms < 1000
    ? `${Math.round(ms)} ms`
    : ms < 10_000
      ? `${(ms / 1000).toFixed(1)} s`
      : `${Math.round(ms / 1000)} s`

const percent = (share: number): string => `${(share * 100).toFixed(share === 0 || share === 1 ? 0 : 1)} %`

const bars = "▁▂▃▄▅▆▇█"

/** Relative to the highest value; empty for an unknown one. */
export const sparkline = (values: ReadonlyArray<number>): string => {
  const highest = Math.max(...values)
  if (values.length === 0 || highest <= 0) return ""
  return values.map((value) => bars[Math.round((value / highest) * (bars.length - 1))]).join("")
}

const heads = ["mode", "a second", "success", "error", "timeout", "p50", "p95", "p99"]
const widths = [20, 9, 8, 8, 8, 8, 8, 8]

const cells = (row: ReadonlyArray<string>): string =>
  row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))).join("")

const modeRow = (mode: ExecutionMode, { modes }: LiveView, history: Screen["history"]): string => {
  const { errorRate, p50LatencyMs, p95LatencyMs, p99LatencyMs, perSecond, timeoutRate, total } = modes[mode]
  const shares = [1 - errorRate - timeoutRate, errorRate, timeoutRate].map(percent)
  const times = [p50LatencyMs, p95LatencyMs, p99LatencyMs].map(span)
  const figures = total === 0 ? heads.slice(2).map(() => "-") : [...shares, ...times]
  return `${cells([mode, perSecond.toFixed(perSecond < 10 ? 2 : 0), ...figures])}  ${sparkline(history[mode])}`
}

const breakerLines = ({ breaker, orgs }: LiveView, paint: Paint): ReadonlyArray<string> => {
  const { evidence, nextProbeAt, reason, share, since, state } = breaker
  const colour =
    state === "closed" || state === "forced_runtime" ? "green" : state === "ramp" ? "yellow" : "red"
  const facts = [
    `since ${clock(since)}`,
    `faults ${evidence.faults.toFixed(1)} of ${evidence.limit}`,
    ...(share === 1 ? [] : [`runtime share ${percent(share)}`]),
    ...(nextProbeAt === null ? [] : [`probe ${clock(nextProbeAt)}`]),
  ]
  return [
    `breaker   ${paint(colour, state)}  ${facts.join("  ")}`,
    ...(reason === "" ? [] : [`          ${reason}`]),
    ...(orgs.length === 0
      ? []
      : [`orgs      ${orgs.map(({ orgId, state }) => `${orgId} ${state}`).join(", ")}`]),
  ]
}

/** The direct providers that are skipped. */
const providerLines = ({ providers }: LiveView, paint: Paint): ReadonlyArray<string> =>
  providers
    .filter(({ reason }) => reason !== "")
    .map(({ name, nextProbeAt, reason, since, state }) => {
      const facts = [
        `since ${clock(since)}`,
        ...(nextProbeAt === null ? [] : [`probe ${clock(nextProbeAt)}`]),
      ]
      return `provider  ${paint("red", `${name} ${state}`)}  ${facts.join("  ")}  ${reason}`
    })

const titled = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)]

/** The people on call see at once which events wait for them. */
const notificationLines = ({ notifications }: LiveView, most: number, paint: Paint): ReadonlyArray<string> =>
  notifications.slice(0, most).map(({ at, severity, text }) => {
    const line = `${clock(at)}  ${severity === "action" ? "ACT  " : ""}${text}`
    return severity === "info" ? line : paint(severity === "action" ? "red" : "yellow", line)
  })

const happened = (view: LiveView, room: number, paint: Paint) => {
  const { decisions, fallbacks, refusals, transitions } = view
  const changes = transitions
    .slice(0, 3)
    .map(({ at, from, orgId, reason, to }) => `${clock(at)}  ${orgId ?? "all"}  ${from} -> ${to}  ${reason}`)
  const moved = fallbacks
    .slice(0, 3)
    .map(
      ({ at, code, from, orgId, runId, to }) => `${clock(at)}  ${orgId}  ${from} -> ${to}  ${code}  ${runId}`,
    )
  const refused = refusals
    .slice(0, 3)
    .map(
      ({ agentId, count, failure, lastAt, orgId, target }) =>
        `${clock(lastAt)}  ${orgId}  ${agentId}  ${target}  ${count} times  ${failure}`,
    )
  const before = [
    ...titled(paint("bold", "notifications"), notificationLines(view, room < 20 ? 2 : 6, paint)),
    ...titled(paint("bold", "agents that are refused"), refused),
    ...titled(paint("bold", "breaker, last changes"), changes),
    ...titled(paint("bold", "turns that changed their mode"), moved),
  ]
  const last = decisions
    .slice(0, Math.max(1, room - before.length - 2))
    .map(({ at, mode, orgId, reason, runId }) => `${clock(at)}  ${orgId}  ${mode}  ${reason}  ${runId}`)
  return [...before, ...titled(paint("bold", "last decisions"), last)]
}

/** Cuts a line that is wider than the terminal; escapes have no width. */
const cut = (line: string, columns: number): string => {
  let width = 0
  let cutLine = ""
  // oxlint-disable-next-line no-control-regex -- what it looks for is a terminal's own
  for (const part of line.match(/\x1b\[\d+m|[\s\S]/gu) ?? []) {
    if (part.length < 3) width += 1
    if (width <= columns || part.length >= 3) cutLine += part
  }
  return cutLine
}

/** A line end in a reason would move the rows below it. */
const printableView = (view: LiveView): LiveView =>
  JSON.parse(JSON.stringify(view), (_, value: unknown) =>
    typeof value === "string" ? printableLine(value) : value,
  )

/** At most `rows` lines, none wider than the columns. */
export const render = (
  { history, trouble, url, view: given }: Screen,
  { coloured, columns, rows }: Size,
): ReadonlyArray<string> => {
  const paint: Paint = (colour, text) => (coloured ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text)
  const view = given === undefined ? undefined : printableView(given)
  const asOf = view === undefined ? "" : `  ${trouble === undefined ? "" : "as of "}${clock(view.at)}`
  const top = [
    `${paint("bold", "Crossfade")}  ${url}${asOf}`,
    ...(trouble === undefined ? [] : [paint("red", printableLine(trouble))]),
  ]
  if (view === undefined) return top.map((line) => cut(line, columns)).slice(0, rows)
  const { fallbackEnabled, fallbackReason, rollout, runs } = view
  const headline = headlineText(view)
  const colour = { good: "green", warn: "yellow", bad: "red" } as const
  const lines = [
    ...top,
    "",
    ...wrapped(headline.text, columns, 3).map((line) => paint(colour[headline.tone], line)),
    "",
    paint("dim", cells(heads)),
    modeRow("runtime_orchestrator", view, history),
    modeRow("direct_llm", view, history),
    "",
    ...(fallbackEnabled ? [`fallback  ${paint("red", `on: ${fallbackReason}`)}`] : []),
    ...breakerLines(view, paint),
    ...providerLines(view, paint),
    `rollout   ${rollout.percentage} %  else ${rollout.defaultMode}  shadow ${rollout.shadowPercentage} %`,
    `runs      ${runs.inFlight} under way${runs.inFlight === 0 ? "" : `, the oldest for ${span(runs.oldestMs)}`}`,
  ]
  return [...lines, ...happened(view, rows - lines.length, paint)]
    .map((line) => cut(line, columns))
    .slice(0, rows)
}

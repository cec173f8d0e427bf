/** The rows of a run's waterfall: attempts with their clocks, steps and calls on one axis. Pure. Times are from the run's start. */
import type { Clocks } from "../../api/ConsoleApi.ts"
import type { RunFacts, RunTexts } from "./RunFacts.ts"

type RowState = "good" | "bad" | "running" | "neutral"

/** A mark on the axis: a deadline, or the first event or content. */
export interface Mark {
  readonly kind: "deadline" | "firstProgress" | "firstContent"
  readonly at: number
}

export interface Row {
  readonly key: string
  readonly kind: "attempt" | "shadow" | "clock" | "step" | "tool" | "skill" | "mcp"
  /** The target of an attempt, the name of a step or call, or the clock. */
  readonly name: string
  readonly number?: number
  /** The outcome of an attempt, the status of a step or call, or the state of a clock. */
  readonly status: string
  readonly code?: string
  readonly state: RowState
  /** Null: not known. */
  readonly from: number | null
  readonly to: number | null
  readonly ms: number | null
  /** The limit of a clock. */
  readonly limitMs?: number
  readonly marks: ReadonlyArray<Mark>
  readonly depth: 0 | 1
}

type Attempt = RunFacts["attempts"][number]
type Link = RunTexts["execution"][number]

export interface Waterfall {
  readonly rows: ReadonlyArray<Row>
  /** The length of the axis. */
  readonly totalMs: number
}

const stateOfOutcome = (outcome: string): RowState =>
  outcome === "success" ? "good" : outcome === "neutral" ? "neutral" : "bad"

const attemptRow = (attempt: Attempt, start: number): Row => {
  const from = attempt.startedAt - start
  const mark = (kind: Mark["kind"], ms: number | null): ReadonlyArray<Mark> =>
    ms === null ? [] : [{ kind, at: from + ms }]
  return {
    key: `${attempt.shadow ? "shadow" : "attempt"}${attempt.number}`,
    kind: attempt.shadow ? "shadow" : "attempt",
    name: attempt.target,
    number: attempt.number,
    status: attempt.outcome,
    ...(attempt.code === null ? {} : { code: attempt.code }),
    state: stateOfOutcome(attempt.outcome),
    from,
    to: from + attempt.durationMs,
    ms: attempt.durationMs,
    marks: [
      ...mark("firstProgress", attempt.firstProgressMs),
      ...mark("firstContent", attempt.firstContentMs),
    ],
    depth: 0,
  }
}

/** A clock that ran: until its event, or until the attempt ended without it. */
const clockRow = (
  attempt: Attempt,
  start: number,
  clock: {
    readonly name: string
    readonly ms: number | null
    readonly limitMs: number
    readonly outcome: string
  },
): Row => {
  const from = attempt.startedAt - start
  const ms = clock.ms ?? attempt.durationMs
  const passed = attempt.outcome === clock.outcome
  return {
    key: `attempt${attempt.number}.${clock.name}`,
    kind: "clock",
    name: clock.name,
    status: passed ? "passed" : "kept",
    state: passed ? "bad" : "neutral",
    from,
    to: from + ms,
    ms,
    limitMs: clock.limitMs,
    marks: [{ kind: "deadline", at: from + clock.limitMs }],
    depth: 1,
  }
}

const clockRows = (
  attempt: Attempt,
  start: number,
  clocks: Clocks,
  hasFallback: boolean,
): ReadonlyArray<Row> => [
  // Only an attempt that may move to another target has this deadline.
  ...(hasFallback || attempt.outcome === "timeout_first_content"
    ? [
        clockRow(attempt, start, {
          name: "firstContent",
          ms: attempt.firstProgressMs,
          limitMs: clocks.firstContentMs,
          outcome: "timeout_first_content",
        }),
      ]
    : []),
  clockRow(attempt, start, { name: "total", ms: null, limitMs: clocks.totalMs, outcome: "timeout_total" }),
]

const stateOfLink = ({ status }: Link): RowState => {
  if (status === "completed") return "good"
  if (status === "failed" || status === "unfinished") return "bad"
  return status === "running" ? "running" : "neutral"
}

const linkRow = (link: Link, index: number, start: number, now: number): Row => {
  const { durationMs, endedAt, id, kind, name, startedAt, status, stepId } = link
  const begun = startedAt ?? (endedAt !== null && durationMs !== null ? endedAt - durationMs : endedAt)
  const ended = endedAt ?? (begun === null ? null : now)
  return {
    key: `${index}.${id ?? name}`,
    kind,
    name,
    status,
    state: stateOfLink(link),
    from: begun === null ? null : begun - start,
    to: ended === null ? null : ended - start,
    ms: durationMs,
    marks: [],
    depth: kind === "step" || stepId === null ? 0 : 1,
  }
}

/** Calls stand below their step. Those of no step keep their place. Of steps with equal ids the last one before a call is meant. */
const nested = (links: ReadonlyArray<Link>): ReadonlyArray<Link> => {
  const steps = new Map<string, Array<Link>>()
  const groups: Array<Array<Link>> = []
  for (const link of links) {
    const calls = link.kind === "step" ? undefined : steps.get(link.stepId ?? "")
    if (calls !== undefined) {
      calls.push(link)
      continue
    }
    const group = [link]
    groups.push(group)
    if (link.kind === "step" && link.id !== null) steps.set(link.id, group)
  }
  return groups.flat()
}

export const waterfallOf = (
  run: RunFacts,
  execution: ReadonlyArray<Link>,
  clocks: Clocks | undefined,
  now: number,
): Waterfall => {
  const start = run.createdAt
  const end = run.endedAt ?? now
  const own = run.attempts.filter(({ shadow }) => !shadow)
  const attempts = run.attempts.flatMap((attempt) => {
    const hasFallback = own.at(-1) !== attempt || run.decision.order.length > 1
    return [
      attemptRow(attempt, start),
      ...(clocks === undefined || attempt.shadow ? [] : clockRows(attempt, start, clocks, hasFallback)),
    ]
  })
  const rows = [...attempts, ...nested(execution).map((link, index) => linkRow(link, index, start, end))]
  // A shadow may end after the run.
  const totalMs = Math.max(1, end - start, ...rows.map(({ to }) => to ?? 0))
  return { rows, totalMs }
}

/** Round times on the axis, at most six. */
export const ticksOf = (totalMs: number): ReadonlyArray<number> => {
  const rough = totalMs / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, index) => index * step)
}

/** The points behind the charts. Pure; times are epoch milliseconds. */
import type { SeriesPoint } from "../../api/SeriesView.ts"
import type { BreakerState } from "../../domain/BreakerState.ts"
import type { Chart } from "../kit/Chart.ts"

const spanMs = 900_000
const intervalMs = 5000

type Points = ReadonlyArray<SeriesPoint>

/** The length of the axis: all points, at least three minutes. */
export const axisMs = (points: Points): number =>
  Math.max(180_000, (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0))

const onAxis = (points: Points): Points => {
  const end = points.at(-1)?.at ?? 0
  return points.filter(({ at }) => at > end - spanMs)
}

/** Adds a point if it is new. */
export const appended = (points: Points, point: SeriesPoint): Points =>
  point.at > (points.at(-1)?.at ?? 0) ? onAxis([...points, point]) : points

/** The read points, after the older ones of another replica or of the time before a restart. */
export const reread = (before: Points, read: Points): Points => {
  const start = read[0]?.at
  return start === undefined ? before : onAxis([...before.filter(({ at }) => at < start), ...read])
}

/** A pause of more than two points: the process or the connection was away. */
const isGap = (from: number, to: number): boolean => to - from > 2.5 * intervalMs

const colours: Readonly<Record<Exclude<BreakerState, "closed">, "bad" | "warn" | "info">> = {
  open: "bad",
  half_open: "bad",
  ramp: "warn",
  forced_direct: "info",
  forced_runtime: "info",
}

/** The rows of the charts. Undefined: a gap, so that no line joins the points around it. */
export const rowsOf = (
  points: ReadonlyArray<SeriesPoint>,
): ReadonlyArray<readonly [number, SeriesPoint | undefined]> =>
  points.flatMap((point, index) => {
    const before = points[index - 1]
    const row = [point.at, point] as const
    return before !== undefined && isGap(before.at, point.at) ? [[point.at - 1, undefined], row] : [row]
  })

/** The times in which the breaker was not closed. The newest band ends with the newest point. */
export const bandsOf = (
  points: ReadonlyArray<SeriesPoint>,
  t: (state: BreakerState) => string,
): Chart["bands"] => {
  const bands: Array<Chart["bands"][number]> = []
  let state: BreakerState = "closed"
  points.forEach((point, index) => {
    const last = bands.at(-1)
    const before = points[index - 1]
    const isJoined = before !== undefined && !isGap(before.at, point.at)
    if (last !== undefined && isJoined && state !== "closed")
      bands[bands.length - 1] = { ...last, to: point.at }
    if (point.state !== "closed" && !(isJoined && state === point.state))
      bands.push({ from: point.at, to: point.at, label: t(point.state), colour: colours[point.state] })
    state = point.state
  })
  return bands
}

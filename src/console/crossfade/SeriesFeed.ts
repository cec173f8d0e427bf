/** The points of the charts: the last 15 minutes once, then each new point of the live view. */
import { useEffect, useState } from "preact/hooks"
import type { Series, SeriesPoint } from "../../api/SeriesView.ts"
import type { LiveState } from "../service/LiveFeed.ts"
import { dataOf } from "../service/Service.ts"

export const spanMs = 900_000
const intervalMs = 5000

/** Adds the points that are new, in order, and drops those that have left the axis. */
export const merged = (
  points: ReadonlyArray<SeriesPoint>,
  added: ReadonlyArray<SeriesPoint>,
): ReadonlyArray<SeriesPoint> => {
  const last = points.at(-1)?.at ?? 0
  const news = added.filter(({ at }) => at > last)
  if (news.length === 0) return points
  const end = news.at(-1)?.at ?? 0
  return [...points, ...news].filter(({ at }) => at > end - spanMs)
}

/** A pause of more than two points: the process or the connection was away. */
export const isGap = (from: number, to: number): boolean => to - from > 2.5 * intervalMs

/** After a lost connection, and for another replica, it reads the series again. */
export const useSeries = ({ lost, view }: LiveState): ReadonlyArray<SeriesPoint> => {
  const [points, setPoints] = useState<ReadonlyArray<SeriesPoint>>([])
  const replica = view?.replica
  const isConnected = replica !== undefined && lost === undefined
  useEffect(() => {
    if (!isConnected) return undefined
    const aborting = new AbortController()
    dataOf<Series>("/api/v1/runtime/series", { signal: aborting.signal }).then(
      (series) => {
        if (!aborting.signal.aborted) setPoints(series.points)
      },
      // The points of the live view follow anyway.
      () => undefined,
    )
    return () => aborting.abort()
  }, [replica, isConnected])
  const point = view?.point
  useEffect(() => {
    if (point !== null && point !== undefined) setPoints((before) => merged(before, [point]))
  }, [point?.at])
  return points
}

/** The points of the charts: the last 15 minutes once, then each new point of the live view. */
import { useEffect, useState } from "preact/hooks"
import type { Series, SeriesPoint } from "../../api/SeriesView.ts"
import type { LiveState } from "../service/LiveFeed.ts"
import { dataOf } from "../service/Service.ts"
import { appended, reread } from "./Points.ts"

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
        if (!aborting.signal.aborted) setPoints((before) => reread(before, series.points))
      },
      // The points of the live view follow anyway.
      () => undefined,
    )
    return () => aborting.abort()
  }, [replica, isConnected])
  const point = view?.point
  useEffect(() => {
    if (point !== null && point !== undefined) setPoints((before) => appended(before, point))
  }, [point?.at])
  return points
}

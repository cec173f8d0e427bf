/** Times for people, in the language of the page. Times of the API are epoch milliseconds or ISO. */
import { useEffect, useState } from "preact/hooks"
import { durationText, largestUnits } from "../../domain/Duration.ts"
import { language } from "../text/Text.ts"
import { useStore } from "./Store.ts"

/** "3 minutes ago", "in 20 seconds". */
export const relative = (at: number, now: number, tag: string): string => {
  const format = new Intl.RelativeTimeFormat(tag, { numeric: "auto" })
  return largestUnits(Math.abs(at - now), 1)
    .map(({ count, name }) => format.format(at < now ? -count : count, name))
    .join("")
}

/** A measured time, with fractions of a second: "850 ms", "12.4 s", "3 min 5 s". */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  return durationText(ms)
}

/** "17:05:09", in every language. */
export const clock = (at: number, tag: string | undefined): string =>
  new Date(at).toLocaleTimeString(tag, { timeStyle: "medium", hourCycle: "h23" })

/** The time of day, with the date if it is another day. The title has the whole time. */
export const Time = ({ at, ago = false }: { readonly at: number | string; readonly ago?: boolean }) => {
  const tag = useStore(language)
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!ago) return undefined
    const timer = setInterval(() => setNow(Date.now()), 10_000)
    return () => clearInterval(timer)
  }, [ago])
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>
  const isToday = date.toDateString() === new Date(now).toDateString()
  const shown = ago
    ? relative(date.getTime(), now, tag)
    : new Intl.DateTimeFormat(tag, {
        ...(isToday ? {} : { dateStyle: "medium" }),
        timeStyle: "medium",
        hourCycle: "h23",
      }).format(date)
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()}>
      {shown}
    </time>
  )
}

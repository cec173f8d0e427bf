/** Times for people, in the language of the page. Times of the API are epoch milliseconds or ISO. */
import { useEffect, useState } from "preact/hooks"
import { language } from "../text/Text.ts"
import { useStore } from "./Store.ts"

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const

/** "3 minutes ago", "in 20 seconds". */
export const relative = (at: number, now: number, tag: string): string => {
  const format = new Intl.RelativeTimeFormat(tag, { numeric: "auto" })
  const distance = at - now
  const [unit, ms] = units.find(([, size]) => Math.abs(distance) >= size) ?? (["second", 1000] as const)
  return format.format(Math.trunc(distance / ms), unit)
}

/** "850 ms", "12.4 s", "3 m 05 s". */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  return `${Math.floor(ms / 60_000)} m ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")} s`
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

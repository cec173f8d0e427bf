/** Times as people and as programs read them. Pure. */
import { durationText } from "../domain/Duration.ts"

const day = 86_400_000

const two = (value: number): string => String(value).padStart(2, "0")

const localTime = (at: number): string => {
  const time = new Date(at)
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Relative within a day, such as `3 min ago` or `in 2 h`, otherwise local time. */
export const timeOf = (at: number, now: number): string => {
  if (Math.abs(now - at) >= day) return localTime(at)
  return at <= now ? `${durationText(now - at, 1)} ago` : `in ${durationText(at - now, 1)}`
}

/** The fields of the API that hold epoch milliseconds; some of these names also hold other values. */
const timeFields = /(?:At|^at|^since|^notBefore|^from|^to|^hour)$/
/** 1973: no other number under these names is as large. */
const leastTime = 1e11

/** The same document with its times in ISO 8601. */
export const withIsoTimes = (data: unknown): unknown => {
  if (Array.isArray(data)) return data.map(withIsoTimes)
  if (typeof data !== "object" || data === null) return data
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      typeof value === "number" && value >= leastTime && timeFields.test(name)
        ? new Date(value).toISOString()
        : withIsoTimes(value),
    ]),
  )
}

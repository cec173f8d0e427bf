/** Times as people and as programs read them. Pure. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A length such as `45 s`, `3 m`, `2 h` or `5 d`. */
export const lengthOf = (ms: number): string => {
  if (ms < minute) return `${Math.floor(ms / 1000)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} m`
  return ms < day ? `${Math.floor(ms / hour)} h` : `${Math.floor(ms / day)} d`
}

const two = (value: number): string => String(value).padStart(2, "0")

const localTime = (at: number): string => {
  const time = new Date(at)
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Relative within a day, such as `3 m ago` or `in 2 h`, otherwise local time. */
export const timeOf = (at: number, now: number): string => {
  if (Math.abs(now - at) >= day) return localTime(at)
  return at <= now ? `${lengthOf(now - at)} ago` : `in ${lengthOf(at - now)}`
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

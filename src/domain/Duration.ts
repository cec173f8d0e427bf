/** Durations as text, for people and as they type them. In milliseconds. Pure. */

const units = [
  { name: "day", short: "d", typed: "d", size: 86_400_000 },
  { name: "hour", short: "h", typed: "h", size: 3_600_000 },
  { name: "minute", short: "min", typed: "m", size: 60_000 },
  { name: "second", short: "s", typed: "s", size: 1000 },
] as const
const typedUnits = [...units, { typed: "ms", size: 1 }] as const

const countsOf = <Unit extends { readonly size: number }>(ms: number, all: ReadonlyArray<Unit>) => {
  let left = ms
  return all.map((unit) => {
    const count = Math.floor(left / unit.size)
    left -= count * unit.size
    return { ...unit, count }
  })
}

/** The largest units of a duration, at most `most`. Below a second: 0 or 1 second. */
export const largestUnits = (ms: number, most = 2) => {
  const counts = countsOf(Math.max(0, Math.round(ms / 1000)) * 1000, units)
  const first = counts.findIndex(({ count }) => count > 0)
  return first === -1 ? counts.slice(-1) : counts.slice(first, first + most).filter(({ count }) => count > 0)
}

/** Such as `1 h 30 min`. */
export const durationText = (ms: number, most?: number): string =>
  largestUnits(ms, most)
    .map(({ count, short }) => `${count} ${short}`)
    .join(" ")

/** The exact text that `parseDuration` reads back, such as `1h 30m`. */
export const typedDuration = (ms: number): string =>
  countsOf(ms, typedUnits)
    .filter(({ count }) => count > 0)
    .map(({ count, typed }) => `${count}${typed}`)
    .join(" ") || "0"

const part = /(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy

/** Reads `90s`, `1h 30m`, `1.5h`, `2d`. Undefined for any other text. A bare 0 needs no unit. */
export const parseDuration = (text: string): number | undefined => {
  const rest = text.trim().toLowerCase()
  if (rest === "0") return 0
  const parts = [...rest.matchAll(part)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== rest) return undefined
  let sum = 0
  for (const [, amount, unit] of parts) {
    const found = typedUnits.find(({ typed }) => typed === unit)
    if (found === undefined) return undefined
    sum += Number(amount) * found.size
  }
  return Math.round(sum)
}

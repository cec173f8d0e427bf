/** Durations as people type them: `90s`, `1h 30m`, `2d`. Pure. */
const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

const isUnit = (text: string): text is keyof typeof units => Object.hasOwn(units, text)

const part = /(\d+(?:\.\d+)?)\s*([a-z]+)/gy

/** Milliseconds; undefined for any other text. A bare 0 needs no unit. */
export const parseDuration = (text: string): number | undefined => {
  const rest = text.trim().toLowerCase()
  if (rest === "0") return 0
  if (rest === "") return undefined
  let sum = 0
  let at = 0
  while (at < rest.length) {
    part.lastIndex = at
    const [whole = "", amount = "", unit = ""] = part.exec(rest) ?? []
    if (!isUnit(unit)) return undefined
    sum += Number(amount) * units[unit]
    at += whole.length
    while (rest[at] === " ") at += 1
  }
  return Math.round(sum)
}

/** The text that `parseDuration` reads back. */
export const durationText = (ms: number): string => {
  if (ms === 0) return "0"
  let left = ms
  const parts: Array<string> = []
  for (const [unit, size] of Object.entries(units)) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.join(" ")
}

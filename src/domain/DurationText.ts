/** A duration for people, in its two largest units. Pure. */

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const

export const durationText = (ms: number): string => {
  let left = Math.max(0, Math.round(ms / 1000)) * 1000
  const parts: Array<string> = []
  for (const [unit, size] of units) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
  }
  return parts.length === 0 ? "0 s" : parts.slice(0, 2).join(" ")
}

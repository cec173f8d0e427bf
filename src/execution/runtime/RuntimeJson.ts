/** Parses JSON as Python writes it: with `NaN` and `Infinity`, and with any depth of nesting. Pure. */

/** The limit of serde_json. `JSON.stringify` runs out of stack at depths that `JSON.parse` accepts. */
const maxDepth = 128

/** Deeper values become null. Throws if the text is not JSON. */
export const parse = (data: string): unknown => {
  const parsed = parseLoosely(data)
  // Each level takes at least two characters, so a short event needs no check.
  const isDeep = data.length > 2 * maxDepth && isDeeperThan(maxDepth, parsed)
  return isDeep ? cutAt(maxDepth, parsed) : parsed
}

const parseLoosely = (data: string): unknown => {
  try {
    // oxlint-disable-next-line no-restricted-properties -- this is the edge, and a schema would parse at twice the cost
    return JSON.parse(data)
  } catch (error) {
    if (!/NaN|Infinity/.test(data)) throw error
    // oxlint-disable-next-line no-restricted-properties -- as above
    return JSON.parse(withoutNumbersOfPython(data))
  }
}

/** `NaN`, `Infinity` and `-Infinity` outside strings become null: JSON has no such numbers. */
const withoutNumbersOfPython = (data: string): string => {
  let out = ""
  let at = 0
  while (at < data.length) {
    const quote = data.indexOf('"', at)
    const start = quote === -1 ? data.length : quote
    out += data.slice(at, start).replaceAll(/-?\bInfinity\b|\bNaN\b/g, "null")
    at = start
    if (quote !== -1) at = endOfString(data, quote)
    out += data.slice(start, at)
  }
  return out
}

/** The position after the string that opens at `quote`. */
const endOfString = (data: string, quote: number): number => {
  let at = quote + 1
  while (at < data.length && data[at] !== '"') at += data[at] === "\\" ? 2 : 1
  return Math.min(at + 1, data.length)
}

const isNested = (json: unknown): json is object => typeof json === "object" && json !== null

const isDeeperThan = (depth: number, json: unknown): boolean =>
  isNested(json) && (depth === 0 || Object.values(json).some((inner) => isDeeperThan(depth - 1, inner)))

const cutAt = (depth: number, json: unknown): unknown => {
  if (!isNested(json)) return json
  if (depth === 0) return null
  if (Array.isArray(json)) return json.map((inner) => cutAt(depth - 1, inner))
  return Object.fromEntries(Object.entries(json).map(([key, inner]) => [key, cutAt(depth - 1, inner)]))
}

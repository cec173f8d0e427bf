/**
 * JSON that the AI SDK accepts. Its parser refuses objects that could change a prototype, and one refused chunk ends the
 * client's stream, so such keys are renamed. They come from the arguments and results of calls. Pure.
 */
const isForbidden = (key: string, value: unknown): boolean =>
  key === "__proto__" ||
  (key === "constructor" && typeof value === "object" && value !== null && Object.hasOwn(value, "prototype"))

const renamed = (_: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value)
  if (!entries.some(([key, item]) => isForbidden(key, item))) return value
  return Object.fromEntries(entries.map(([key, item]) => [isForbidden(key, item) ? `~${key}` : key, item]))
}

export const stringify = (value: unknown): string => {
  const json = JSON.stringify(value)
  // The search is cheap, and almost always in vain.
  return json.includes('"__proto__"') || json.includes('"constructor"')
    ? JSON.stringify(value, renamed)
    : json
}

/** Maps the `usage` of any wire to the tokens of an attempt. Pure. An invalid figure only makes the usage unknown. */
import type { Usage } from "../domain/Outcome.ts"

type JsonRecord = Readonly<Record<string, unknown>>

/** Undefined: not reported. NaN: reported, but not a count. */
const figure = (value: unknown): number | undefined => {
  if (value === undefined || value === null) return undefined
  const count = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  if (typeof count !== "number") return Number.NaN
  const whole = Math.round(count)
  return Number.isSafeInteger(whole) && whole >= 0 ? whole : Number.NaN
}

/** The first of these fields that is reported. */
const first = (usage: JsonRecord, ...names: ReadonlyArray<string>): number | undefined =>
  names.map((name) => figure(usage[name])).find((count) => count !== undefined)

/** Undefined unless the first field is reported. The others are added if present. */
const sum = (usage: JsonRecord, name: string, ...others: ReadonlyArray<string>): number | undefined => {
  const count = figure(usage[name])
  return count === undefined
    ? undefined
    : others.reduce((all, other) => all + (figure(usage[other]) ?? 0), count)
}

/** Anthropic counts the cached tokens of a prompt outside `input_tokens`; all other wires count them within. */
const inputOf = (usage: JsonRecord): number | undefined =>
  first(usage, "prompt_tokens", "promptTokenCount") ??
  sum(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")

/** Gemini counts thoughts outside the answer; all other wires count them within. */
const outputOf = (usage: JsonRecord): number | undefined =>
  first(usage, "completion_tokens", "output_tokens") ??
  sum(usage, "candidatesTokenCount", "thoughtsTokenCount") ??
  first(usage, "thoughtsTokenCount")

const isCount = (count: number | undefined): count is number => Number.isSafeInteger(count)

export const usageOf = (usage: JsonRecord): Usage | undefined => {
  const input = inputOf(usage)
  const output = outputOf(usage)
  const total = first(usage, "total_tokens", "totalTokenCount")
  if (input === undefined && output === undefined) return isCount(total) ? { tokens: total } : undefined
  const tokens = (input ?? 0) + (output ?? 0)
  if (!isCount(tokens)) return undefined
  return {
    tokens,
    ...(input === undefined ? {} : { inputTokens: input }),
    ...(output === undefined ? {} : { outputTokens: output }),
  }
}

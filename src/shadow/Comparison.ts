/**
 * Compares two traces, dimension by dimension. Pure. Every distance is symmetric, 0 for a trace and itself, and at
 * most 1; null if there is nothing to compare. The outcome is always compared, the rest only if both sides answered.
 *
 * Two sides agree up to `tolerance`. It is fixed, so that a rate of agreement means the same next month.
 * `ShadowReport` separates the difference from the mode's own variation.
 */
import { type Dimension, dimensions, type Distances } from "../domain/ShadowPair.ts"
import { sameLanguage } from "./Language.ts"
import { similarity } from "./Similarity.ts"
import type { Trace } from "./Trace.ts"

/** 0.5 is a factor of two for counts and times, and half of the trigrams for texts. */
export const tolerance: { readonly [D in Dimension]: number } = {
  outcome: 0,
  sequence: 0.2,
  tools: 0,
  toolArguments: 0,
  plan: 0,
  length: 0.5,
  text: 0.5,
  language: 0,
  firstContent: 0.5,
  total: 0.5,
  tokens: 0.5,
}

/** Longer sequences are compared by their beginning: the cost of the distance is the product of the lengths. */
const comparedTypes = 300

/** Levenshtein distance divided by the longer length. */
const sequenceDistance = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): number => {
  const a = left.slice(0, comparedTypes)
  const b = right.slice(0, comparedTypes)
  if (a.length === 0 && b.length === 0) return 0
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, type] of a.entries()) {
    const next = [i + 1]
    for (const [j, other] of b.entries()) {
      const replaced = row[j]! + (type === other ? 0 : 1)
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1))
    }
    row = next
  }
  return row[b.length]! / Math.max(a.length, b.length)
}

const counts = (items: ReadonlyArray<string>): Map<string, number> => {
  const found = new Map<string, number>()
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1)
  return found
}

/** One minus the shared part of two bags (Jaccard); two empty bags are equal. */
const bagDistance = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  const right = counts(b)
  let shared = 0
  for (const [item, count] of counts(a)) shared += Math.min(count, right.get(item) ?? 0)
  const all = a.length + b.length - shared
  return all === 0 ? 0 : 1 - shared / all
}

/** The share of calls with different arguments. Calls of the same tool are paired in order. */
const argumentsDistance = (a: Trace["calls"], b: Trace["calls"]): number | null => {
  let pairs = 0
  let different = 0
  for (const name of new Set(a.map((call) => call.name))) {
    const left = a.filter((call) => call.name === name)
    const right = b.filter((call) => call.name === name)
    for (const [index, call] of left.slice(0, right.length).entries()) {
      pairs += 1
      if (call.arguments !== right[index]!.arguments) different += 1
    }
  }
  return pairs === 0 ? null : different / pairs
}

/** The difference divided by the larger value: 0.5 is a factor of two, either way. */
const ratioDistance = (a: number | null, b: number | null): number | null => {
  if (a === null || b === null) return null
  const larger = Math.max(a, b)
  return larger <= 0 ? 0 : (larger - Math.max(0, Math.min(a, b))) / larger
}

const languageDistance = (a: string, b: string): number | null => {
  const same = sameLanguage(a, b)
  return same === undefined ? null : same ? 0 : 1
}

const titles = ({ steps }: Trace) => steps.map((title) => title.trim().toLowerCase())

export const compare = (a: Trace, b: Trace): Distances => {
  const outcome = a.outcome === b.outcome ? 0 : 1
  if (a.outcome !== "success" || b.outcome !== "success") return { ...nothing, outcome }
  return {
    outcome,
    sequence: sequenceDistance(a.types, b.types),
    tools: bagDistance(
      a.calls.map(({ name }) => name),
      b.calls.map(({ name }) => name),
    ),
    toolArguments: argumentsDistance(a.calls, b.calls),
    plan: bagDistance(titles(a), titles(b)),
    length: ratioDistance(a.text.length, b.text.length),
    text: 1 - similarity(a.text, b.text),
    language: languageDistance(a.language, b.language),
    firstContent: ratioDistance(a.firstContentMs, b.firstContentMs),
    total: ratioDistance(a.totalMs, b.totalMs),
    tokens: ratioDistance(a.tokens, b.tokens),
  }
}

const nothing = Object.fromEntries(dimensions.map((dimension) => [dimension, null])) as Distances

/** The dimensions in which the sides do not agree. */
export const differences = (distances: Distances): ReadonlyArray<Dimension> =>
  dimensions.filter((dimension) => (distances[dimension] ?? 0) > tolerance[dimension])

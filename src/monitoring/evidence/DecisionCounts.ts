/**
 * The decisions of the last five minutes by mode and reason, in buckets of 5 s, which is the precision of the far end. Pure and
 * immutable; times are epoch milliseconds.
 */
import type { ExecutionMode } from "../../domain/Mode.ts"

export const windowMs = 300_000
const bucketMs = 5000

interface Bucket {
  /** Its beginning in epoch milliseconds / bucketMs. */
  readonly number: number
  readonly counts: ReadonlyMap<string, number>
}

/** Newest first. */
export type DecisionCounts = ReadonlyArray<Bucket>

export interface DecisionCount {
  readonly mode: ExecutionMode
  readonly reason: string
  readonly count: number
}

export const empty: DecisionCounts = []

const within = (buckets: DecisionCounts, now: number): DecisionCounts => {
  const oldest = Math.floor((now - windowMs) / bucketMs)
  return buckets.filter(({ number }) => number > oldest)
}

/** A late decision counts in the newest bucket. */
export const add = (
  buckets: DecisionCounts,
  { at, mode, reason }: { readonly at: number; readonly mode: ExecutionMode; readonly reason: string },
): DecisionCounts => {
  const number = Math.floor(at / bucketMs)
  const [newest] = buckets
  const isNew = newest === undefined || number > newest.number
  const counts = new Map(isNew ? [] : newest.counts)
  const key = `${mode} ${reason}`
  counts.set(key, (counts.get(key) ?? 0) + 1)
  return isNew
    ? [{ number, counts }, ...within(buckets, at)]
    : [{ number: newest.number, counts }, ...buckets.slice(1)]
}

/** The most frequent first. */
export const list = (buckets: DecisionCounts, now: number): ReadonlyArray<DecisionCount> => {
  const sums = new Map<string, number>()
  for (const { counts } of within(buckets, now)) {
    for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count)
  }
  return [...sums]
    .map(([key, count]): DecisionCount => {
      const space = key.indexOf(" ")
      const mode = key.slice(0, space) === "direct_llm" ? "direct_llm" : "runtime_orchestrator"
      return { mode, reason: key.slice(space + 1), count }
    })
    .toSorted((one, other) => other.count - one.count || (one.reason < other.reason ? -1 : 1))
}

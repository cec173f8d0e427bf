/** Reads fields of JSON from another server. A field of an unexpected type reads as absent. Pure. */
import * as Predicate from "effect/Predicate"

export type JsonRecord = Readonly<Record<string, unknown>>

export const isRecord: (value: unknown) => value is JsonRecord = Predicate.isReadonlyObject

export const recordOf = (value: unknown): JsonRecord | undefined => (isRecord(value) ? value : undefined)

export const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

export const recordsOf = (value: unknown): ReadonlyArray<JsonRecord> => listOf(value).filter(isRecord)

/** Undefined for other types and for the empty string. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

/** Undefined if the text is not JSON. The sender is at fault, so there is no exception. */
export const parseJson = (text: string): { readonly json: unknown } | undefined => {
  try {
    // oxlint-disable-next-line no-restricted-properties -- this is the edge, and a schema would parse at twice the cost
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** True for null, "", 0, false, or a shallow list or record of only these. */
export const isBlank = (value: unknown, depth = 3): boolean => {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true
  if (typeof value !== "object" || depth === 0) return false
  return Object.values(value).every((inner) => isBlank(inner, depth - 1))
}

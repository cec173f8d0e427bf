/** Applies a JSON Patch (RFC 6902). Pure. */
import * as Equal from "effect/Equal"
import * as Predicate from "effect/Predicate"
import type { Json } from "effect/Schema"
import type { JsonPatch } from "./AgUiWire.ts"

type Operation = JsonPatch[number]
type JsonRecord = { readonly [name: string]: Json }

export const isRecord = (json: Json | undefined): json is JsonRecord =>
  Predicate.isReadonlyObject(json) && !Array.isArray(json)

const isArray = (json: Json | undefined): json is ReadonlyArray<Json> => Array.isArray(json)

const tokensOf = (pointer: string): ReadonlyArray<string> | undefined => {
  if (pointer === "") return []
  if (!pointer.startsWith("/")) return undefined
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
}

const indexOf = (token: string, length: number): number | undefined => {
  if (token === "-") return length
  return /^(?:0|[1-9]\d{0,8})$/.test(token) ? Number(token) : undefined
}

const childOf = (json: Json, token: string): Json | undefined => {
  if (isArray(json)) return json[indexOf(token, json.length) ?? -1]
  return isRecord(json) && Object.hasOwn(json, token) ? json[token] : undefined
}

const valueAt = (json: Json, tokens: ReadonlyArray<string>): Json | undefined => {
  let at: Json | undefined = json
  for (const token of tokens) {
    if (at === undefined) return undefined
    at = childOf(at, token)
  }
  return at
}

/** `__proto__` would change the object instead of a field. */
const withField = (json: JsonRecord, name: string, value: Json | undefined): JsonRecord =>
  Object.fromEntries([
    ...Object.entries(json).filter(([key]) => key !== name),
    ...(value === undefined ? [] : [[name, value] as const]),
  ])

/** Sets the place, inserts before it in an array, or removes it (`value` undefined). Undefined: there is no such place. */
const changed = (
  json: Json,
  [token, ...rest]: ReadonlyArray<string>,
  value: Json | undefined,
  inserts: boolean,
): Json | undefined => {
  if (token === undefined) return value
  if (rest.length > 0) {
    const child = childOf(json, token)
    const next = child === undefined ? undefined : changed(child, rest, value, inserts)
    return next === undefined ? undefined : changed(json, [token], next, false)
  }
  if (isArray(json)) {
    const index = indexOf(token, json.length)
    if (index === undefined || index > json.length || (index === json.length && !inserts)) return undefined
    return json.toSpliced(index, inserts ? 0 : 1, ...(value === undefined ? [] : [value]))
  }
  return isRecord(json) ? withField(json, token, value) : undefined
}

const moved = (json: Json, operation: Extract<Operation, { readonly from: string }>): Json | undefined => {
  const from = tokensOf(operation.from)
  const to = tokensOf(operation.path)
  if (from === undefined || to === undefined) return undefined
  const value = valueAt(json, from)
  if (value === undefined) return undefined
  const base = operation.op === "copy" ? json : changed(json, from, undefined, false)
  return base === undefined ? undefined : changed(base, to, value, true)
}

const applied = (json: Json, operation: Operation): Json | undefined => {
  if ("from" in operation) return moved(json, operation)
  const tokens = tokensOf(operation.path)
  if (tokens === undefined) return undefined
  const before = valueAt(json, tokens)
  switch (operation.op) {
    case "add":
      return changed(json, tokens, operation.value, true)
    case "replace":
      return before === undefined ? undefined : changed(json, tokens, operation.value, false)
    case "remove":
      return before === undefined ? undefined : changed(json, tokens, undefined, false)
    case "test":
      return Equal.equals(before, operation.value) ? json : undefined
  }
}

/** Undefined if an operation does not fit; then none is applied. */
export const apply = (json: Json, patch: JsonPatch): Json | undefined => {
  let result: Json | undefined = json
  for (const operation of patch) {
    if (result === undefined) return undefined
    result = applied(result, operation)
  }
  return result
}

/** Rewrites the generated schemas: shorter, and without two components for one shape. Pure. */

export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

type Rewrite = (object: JsonObject) => JsonObject

/** Applies `rewrite` to every object of a document, the inner ones first. */
export const everywhere = (value: Json, rewrite: Rewrite): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => everywhere(item, rewrite))
  if (!isObject(value)) return value
  return rewrite(
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, everywhere(inner, rewrite)])),
  )
}

const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number

/** The bounds of every JavaScript integer say nothing. */
const withoutIntegerBounds: Rewrite = (schema) => {
  if (schema["type"] !== "integer") return schema
  return Object.fromEntries(
    Object.entries(schema).filter(
      ([key, value]) =>
        !(key === "minimum" && value === MIN_SAFE_INTEGER) &&
        !(key === "maximum" && value === MAX_SAFE_INTEGER),
    ),
  )
}

/** JSON Schema leaves the `u` flag to its readers, and without it `\p` matches a letter. */
const withoutUnicodePattern: Rewrite = (schema) => {
  const { pattern, ...rest } = schema
  return typeof pattern === "string" && pattern.includes("\\p{") ? rest : schema
}

/** `anyOf` with one member is that member. */
const withoutLoneUnion: Rewrite = (schema) => {
  const { anyOf, ...rest } = schema
  const [only] = Array.isArray(anyOf) && anyOf.length === 1 ? anyOf : []
  return isObject(only) ? { ...only, ...rest } : schema
}

/** The list of a tuple's first items repeats `items` for one that must not be empty. */
const withItems: Rewrite = (schema) => {
  if (schema["type"] !== "array") return schema
  const { prefixItems, ...rest } = schema
  if (Array.isArray(prefixItems) && prefixItems.length === 1 && isObject(rest["items"])) return rest
  return "items" in schema ? schema : { ...schema, items: {} }
}

/** A record's rest stands beside its fields. */
const withRest: Rewrite = (schema) => {
  const { allOf, ...rest } = schema
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? allOf : []
  const isRest = isObject(only) && only["type"] === "object" && isObject(only["additionalProperties"])
  return isRest && schema["type"] === "object" && !("additionalProperties" in rest)
    ? { ...rest, ...only }
    : schema
}

/**
 * Answers may gain fields, and a generated client must accept them. Requests refuse or ignore unknown fields by
 * themselves.
 */
export const openToFields: Rewrite = (schema) => {
  const { additionalProperties, ...rest } = schema
  return additionalProperties === false && schema["type"] === "object" ? rest : schema
}

const rewrites = [withoutIntegerBounds, withoutUnicodePattern, withoutLoneUnion, withItems, withRest]

export const simplified = (document: Json): Json =>
  everywhere(document, (object) => rewrites.reduce((made, rewrite) => rewrite(made), object))

const prefix = "#/components/schemas/"

const referenced = ({ $ref }: JsonObject): string | undefined =>
  typeof $ref === "string" && $ref.startsWith(prefix) ? $ref.slice(prefix.length) : undefined

/** Effect names a recursive schema twice when it meets it in two places; `X_1` equals `X`. */
export const withoutTwins = (document: JsonObject): Json =>
  everywhere(document, (object) => {
    const name = referenced(object)
    return name === undefined ? object : { ...object, $ref: `${prefix}${name.replace(/_\d+$/, "")}` }
  })

/** The schemas that `from` refers to, also through others. */
export const used = (from: Json, schemas: JsonObject): JsonObject => {
  const found = new Set<string>()
  const visit = (value: Json): void => {
    everywhere(value, (object) => {
      const name = referenced(object)
      if (name === undefined || found.has(name)) return object
      found.add(name)
      visit(schemas[name] ?? null)
      return object
    })
  }
  visit(from)
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => found.has(name)))
}

/**
 * Describes an event stream by the `data` of its events, as OpenAPI generators read it: a client parses each `data` and
 * has one of these types. The names of the events stand in the description. Pure.
 */
import { isObject, type Json, type JsonObject } from "./Schemas.ts"

interface EventKind {
  readonly name: string
  readonly data: Json
}

/** `data` is a string that contains JSON; a generated component holds the string of a recursive schema. */
const contentOf = (data: Json | undefined, components: JsonObject): Json | undefined => {
  if (!isObject(data)) return undefined
  const { $ref, contentSchema } = data
  if (contentSchema !== undefined) return contentSchema
  return typeof $ref === "string"
    ? contentOf(components[$ref.split("/").at(-1) ?? ""], components)
    : undefined
}

const kindOf = (variant: Json, components: JsonObject): EventKind | undefined => {
  const properties = isObject(variant) ? variant["properties"] : undefined
  if (!isObject(properties) || !isObject(properties["event"])) return undefined
  const { event } = properties
  const name = Array.isArray(event["enum"]) ? event["enum"][0] : event["const"]
  const data = contentOf(properties["data"], components)
  return typeof name === "string" && data !== undefined ? { name, data } : undefined
}

const kindsOf = (schema: Json | undefined, components: JsonObject): ReadonlyArray<EventKind> => {
  if (!isObject(schema)) return []
  const variants = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [schema]
  return variants.flatMap((variant: Json) => kindOf(variant, components) ?? [])
}

/** The media type without Effect's own additions; unchanged if the schema is not one of named events. */
export const streamMedia = (media: JsonObject, components: JsonObject): JsonObject => {
  const kinds = kindsOf(media["schema"], components)
  const { "x-effect-stream": _, ...plain } = media
  const [first] = kinds
  if (first === undefined) return plain
  // Protocols with one kind of event do not send its name.
  if (kinds.length === 1) return { ...plain, schema: first.data }
  const names = kinds.map(({ name }) => `\`${name}\``).join(", ")
  return {
    ...plain,
    schema: {
      description: `The \`data\` of each event, parsed as JSON. The field \`event\` names its kind: ${names}, in the order of this list.`,
      anyOf: kinds.map(({ data }) => data),
    },
  }
}

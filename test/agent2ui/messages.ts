/** The schema of each message type by itself, for tests that hold for every type. */
import type * as Schema from "effect/Schema"
import { Message, type MessageType, messageTypes } from "../../src/agent2ui/Message.ts"

/** `Message` is a union, which its type hides to break the circle through `report`. */
const members = (Message as unknown as { readonly members: ReadonlyArray<Schema.Codec<Message>> }).members

export const schemaOf = (type: MessageType): Schema.Codec<Message> => {
  const schema = members[messageTypes.indexOf(type)]
  if (schema === undefined) throw new Error(`no schema for ${type}`)
  return schema
}

/** JSON has no negative zero: it comes back as zero, and nobody can tell. */
export const withoutNegativeZero = (value: unknown): unknown => {
  if (typeof value === "number") return value + 0
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, withoutNegativeZero(item)])
  return Object.fromEntries(entries)
}

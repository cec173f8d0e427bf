/** The schema of each message type by itself, for tests that hold for every type. */
import type * as Schema from "effect/Schema"
import { Message, type MessageType, messageTypes } from "../../../src/protocol/agent2ui/Message.ts"

/** `Message` is a union, which its type hides to break the circle through `report`. */
const members = (Message as unknown as { readonly members: ReadonlyArray<Schema.Codec<Message>> }).members

export const schemaOf = (type: MessageType): Schema.Codec<Message> => {
  const schema = members[messageTypes.indexOf(type)]
  if (schema === undefined) throw new Error(`no schema for ${type}`)
  return schema
}

/** Characters that JSON escapes: quotes, backslashes, control characters, halves of surrogate pairs. */
const escaped = /["\\\p{Cc}\p{Cs}]/gu

/**
 * The value as it can come back. JSON has no negative zero, and V8's `JSON.parse` may take a key that was escaped for
 * another one (https://github.com/nodejs/node/issues/63785), so keys here need no escape; values may be anything.
 */
export const readable = (value: unknown): unknown => {
  if (typeof value === "number") return value + 0
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key.replaceAll(escaped, "_"), readable(item)])
  return Object.fromEntries(entries)
}

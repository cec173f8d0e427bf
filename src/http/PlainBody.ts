/**
 * Recognises the bodies of nearly all turns: an agent and a text, or a text. Pure. It uses the schemas of the contract, on values
 * that they would return unchanged. Undefined: the contract decides, and names the problems.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Sent, Started } from "../api/TurnBody.ts"

const isStarted = Schema.is(Started)
const isSent = Schema.is(Sent)

/** Decoding replaces broken bytes by this, so another text than the caller's would be stored. */
const replaced = "\ufffd"

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** The object of a JSON text with exactly these fields. Other fields may be removed or changed by the schema. */
const objectOf = (text: string, fields: ReadonlyArray<string>): unknown => {
  if (text.includes(replaced)) return undefined
  const value = Option.getOrUndefined(parse(text))
  if (typeof value !== "object" || value === null) return undefined
  const names = Object.keys(value)
  return names.length === fields.length && fields.every((field) => names.includes(field)) ? value : undefined
}

export const started = (text: string): typeof Started.Type | undefined => {
  const value = objectOf(text, ["agentId", "message"])
  return isStarted(value) ? value : undefined
}

export const sent = (text: string): typeof Sent.Type | undefined => {
  const value = objectOf(text, ["message"])
  return isSent(value) ? value : undefined
}

/** Maps interrupts of a LangGraph run, and builds the command that answers them. Pure. */
import * as Schema from "effect/Schema"
import type { Interrupt } from "../../domain/Interrupt.ts"
import type { Resume } from "../Executor.ts"
import { listOf, recordOf, textOf } from "../direct/JsonRead.ts"
import type { Call } from "./LangGraphMessage.ts"

const isJson = Schema.is(Schema.Json)

/** The fields of a value in which agents put their question. */
const questions = ["question", "message", "description", "prompt", "text"]

/** LangChain's agents ask with `action_requests`. One request is the common case, and only then there is one question. */
const questionOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return textOf(value)
  const fields = recordOf(value) ?? {}
  const [only, ...others] = listOf(fields["action_requests"])
  const request = others.length === 0 ? recordOf(only) : undefined
  return [fields, request ?? {}]
    .flatMap((record) => questions.map((name) => textOf(record[name])))
    .find((question) => question !== undefined)
}

/** `call`: the open call, if there is only one. */
export const read = (json: unknown, place: number, call: Call | undefined): Interrupt => {
  const { id, interrupt_id, response_schema, value } = recordOf(json) ?? {}
  const message = questionOf(value)
  return {
    interruptId: textOf(id) ?? textOf(interrupt_id) ?? `interrupt-${place}`,
    reason: "langgraph:interrupt",
    ...(message === undefined ? {} : { message }),
    ...(call === undefined ? {} : { toolName: call.name, arguments: call.arguments }),
    ...(isJson(response_schema) && response_schema !== null ? { responseSchema: response_schema } : {}),
    ...(isJson(value) ? { payload: value } : {}),
  }
}

const isHexDigest = (key: string): boolean => /^[0-9a-f]{32}$/.test(key)

/**
 * The server reads an object whose keys are all interrupt ids as a map, and null as no answer. A payload that it would
 * misread is sent within a map.
 */
const isMisread = (payload: Schema.Json): boolean => {
  if (payload === null) return true
  const fields = recordOf(payload)
  return fields !== undefined && Object.keys(fields).every(isHexDigest)
}

/** The value of `command.resume`: the payload for one interrupt, a map from id to payload for several. */
export const resumeOf = (
  interrupts: Resume["interrupts"],
  answers: NonNullable<Resume["answers"]>,
): Schema.Json => {
  const [first] = answers
  if (interrupts.length === 1 && first !== undefined && !isMisread(first.payload)) return first.payload
  return Object.fromEntries(answers.map(({ interruptId, payload }) => [interruptId, payload]))
}

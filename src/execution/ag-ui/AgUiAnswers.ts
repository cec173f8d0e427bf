/**
 * The answers to the interrupts of a run, in the form in which the run announced each of them. Pure.
 *
 * A user may send a plain message instead of an answer. It never approves anything: where the schema of the answer asks for a
 * boolean, such as `approved`, the answer is false with the message as its reason; elsewhere the message is the answer.
 */
import type { Json } from "effect/Schema"
import type { Interrupt } from "../../domain/Interrupt.ts"
import type { Resume } from "../Executor.ts"
import type { Pending } from "./AgUiPast.ts"
import type { Message, ResumeEntry } from "./AgUiWire.ts"
import { isRecord } from "./JsonPatch.ts"

const isBoolean = (schema: Json | undefined): boolean => isRecord(schema) && schema["type"] === "boolean"

/** The names of the decisions in the answer's schema. */
const decisionsIn = ({ responseSchema }: Interrupt): ReadonlyArray<string> => {
  const properties = isRecord(responseSchema) ? responseSchema["properties"] : undefined
  return isRecord(properties)
    ? Object.keys(properties).filter((name) => name === "approved" || isBoolean(properties[name]))
    : []
}

const plainAnswer = (interrupt: Interrupt, message: string): Json => {
  if (isBoolean(interrupt.responseSchema)) return false
  const decisions = decisionsIn(interrupt)
  return decisions.length === 0
    ? message
    : { ...Object.fromEntries(decisions.map((name) => [name, false] as const)), reason: message }
}

/** The answer to one interrupt. Undefined: it is cancelled. */
const payloadOf = (interrupt: Interrupt, { answers }: Resume, message: string): Json | undefined => {
  if (answers === undefined) return plainAnswer(interrupt, message)
  const answer = answers.find(({ interruptId }) => interruptId === interrupt.interruptId)
  return answer?.cancelled === true ? undefined : answer?.payload
}

export interface Answered {
  readonly pending: Pending
  readonly payload: Json | undefined
}

/** An interrupt without a record of its form gets an entry of `resume`, the standard form. */
export const answeredOf = (
  resume: Resume,
  pending: ReadonlyArray<Pending>,
  message: string,
): ReadonlyArray<Answered> =>
  resume.interrupts.map((interrupt) => ({
    pending: pending.find(({ interruptId }) => interruptId === interrupt.interruptId) ?? {
      interruptId: interrupt.interruptId,
      by: "resume",
    },
    payload: payloadOf(interrupt, resume, message),
  }))

export const entriesOf = (answered: ReadonlyArray<Answered>): ReadonlyArray<ResumeEntry> =>
  answered
    .filter(({ pending }) => pending.by === "resume")
    .map(({ payload, pending: { interruptId } }) =>
      payload === undefined
        ? { interruptId, status: "cancelled" }
        : { interruptId, status: "resolved", payload },
    )

const contentOf = (payload: Json | undefined): string => {
  if (payload === undefined) return "The user did not answer."
  return typeof payload === "string" ? payload : JSON.stringify(payload)
}

/** The results of calls that the client was to run. `idOf` makes the id of a result's message. */
export const resultsOf = (
  answered: ReadonlyArray<Answered>,
  idOf: (toolCallId: string) => string,
): ReadonlyArray<Message> =>
  answered.flatMap(({ payload, pending: { by, toolCallId } }) =>
    by === "call" && toolCallId !== undefined
      ? [{ id: idOf(toolCallId), role: "tool", toolCallId, content: contentOf(payload) }]
      : [],
  )

const cancelled = { status: "cancelled" } as const

/**
 * The command that LangGraph and Mastra expect. LangGraph takes the value of its only interrupt, or a value for each id;
 * Mastra needs its event back.
 */
export const commandOf = (answered: ReadonlyArray<Answered>): Json | undefined => {
  const own = answered.filter(({ pending }) => pending.by === "command")
  const [first] = own
  if (first === undefined) return undefined
  const resume =
    own.length === 1
      ? (first.payload ?? cancelled)
      : Object.fromEntries(
          own.map(({ payload, pending }) => [pending.interruptId, payload ?? cancelled] as const),
        )
  const { value } = first.pending
  return value === undefined ? { resume } : { resume, interruptEvent: value }
}

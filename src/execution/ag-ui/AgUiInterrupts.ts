/**
 * The interrupts of a run. Agents announce them in three forms: the outcome of `RUN_FINISHED`, a custom event `on_interrupt`
 * (by default LangGraph's and Mastra's, often besides the first), or a call without a result (ADK's default). Pure.
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { Json } from "effect/Schema"
import type { Interrupt } from "../../domain/Interrupt.ts"
import { present } from "../runtime/RuntimeCalls.ts"
import { argumentsOf, type Call, jsonOf } from "./AgUiCalls.ts"
import type { Pending } from "./AgUiPast.ts"
import type { AgentInterrupt, EventOf } from "./AgUiWire.ts"
import { isRecord } from "./JsonPatch.ts"

export interface Waiting {
  readonly interrupt: Interrupt
  readonly pending: Pending
}

const textIn = (json: Json | undefined, ...names: ReadonlyArray<string>): string | undefined =>
  isRecord(json)
    ? names
        .map((name) => json[name])
        .filter(Predicate.isString)
        .find((value) => value !== "")
    : undefined

/** LangGraph's interrupts hold any value; these are the usual names of its question. */
const questionOf = (value: Json | undefined): string | undefined =>
  typeof value === "string" ? value : textIn(value, "message", "question", "prompt", "description")

const callOf = (call: Call | undefined) =>
  call === undefined ? {} : { toolName: call.name, arguments: argumentsOf(call.args) }

const payloadOf = ({ metadata }: AgentInterrupt): Json | undefined => {
  const langgraph = metadata?.["langgraph"]
  return isRecord(langgraph) && langgraph["raw"] !== undefined ? langgraph["raw"] : metadata
}

/** One interrupt of the outcome. `call` is the call that it names, or the only one that waits. */
export const ofOutcome = (interrupt: AgentInterrupt, call: Call | undefined): Waiting => {
  const { expiresAt, id, message, reason, responseSchema, toolCallId } = interrupt
  const payload = payloadOf(interrupt)
  return {
    interrupt: {
      interruptId: id,
      reason,
      ...present({ message: message ?? questionOf(payload), responseSchema, expiresAt, payload }),
      ...callOf(call),
    },
    pending: { interruptId: id, by: "resume", ...present({ toolCallId: toolCallId ?? call?.id }) },
  }
}

/** A custom event's value is JSON in a text, or JSON. */
const valueOf = (value: Json): Json =>
  typeof value === "string" ? Option.getOrElse(jsonOf(value), () => value) : value

const schemaOf = (value: Json): Json | undefined => {
  if (!isRecord(value)) return undefined
  const schema = value["responseSchema"] ?? value["response_schema"] ?? value["resumeSchema"]
  return schema === undefined || schema === null ? undefined : valueOf(schema)
}

/** LangGraph's id is in `rawEvent`, if that is on. */
const idOf = ({ rawEvent }: EventOf<"CUSTOM">, value: Json, index: number): string =>
  Predicate.hasProperty(rawEvent, "id") && typeof rawEvent.id === "string"
    ? rawEvent.id
    : (textIn(value, "id", "toolCallId") ?? `on_interrupt-${index + 1}`)

/** A custom event `on_interrupt`. */
export const ofCustom = (event: EventOf<"CUSTOM">, index: number, call: Call | undefined): Waiting => {
  const value = valueOf(event.value)
  const interruptId = idOf(event, value, index)
  const args = isRecord(value) ? (value["args"] ?? value["arguments"]) : undefined
  return {
    interrupt: {
      interruptId,
      reason: textIn(value, "reason", "type") ?? "on_interrupt",
      ...callOf(call),
      ...present({
        message: questionOf(value),
        toolName: textIn(value, "toolName"),
        arguments: isRecord(args) ? args : undefined,
        responseSchema: schemaOf(value),
        payload: value,
      }),
    },
    pending: {
      interruptId,
      by: "command",
      value: event.value,
      ...present({ toolCallId: textIn(value, "toolCallId") ?? call?.id }),
    },
  }
}

/** A call that the client is to run. */
export const ofCall = (call: Call): Waiting => ({
  interrupt: { interruptId: call.id, reason: "tool_call", ...callOf(call) },
  pending: { interruptId: call.id, by: "call", toolCallId: call.id },
})

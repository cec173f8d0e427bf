/**
 * Facts about calls that later events have: whole arguments, results and failures in snapshots, and pydantic-ai's account of
 * a failed tool in an encrypted value.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Metadata } from "../../protocol/agent2ui/Message.ts"
import { type AgUiCalls, jsonOf } from "./AgUiCalls.ts"
import type { Message, ToolCall } from "./AgUiWire.ts"

const nullable = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** LangGraph's state, as far as calls need it. */
const GraphState = Schema.Struct({
  messages: Schema.Array(
    Schema.Struct({
      tool_calls: nullable(
        Schema.Array(Schema.Struct({ id: Schema.NullOr(Schema.String), args: Schema.Json })),
      ),
      tool_call_id: nullable(Schema.String),
      status: nullable(Schema.String),
    }),
  ),
})
const decodeGraphState = Schema.decodeUnknownOption(GraphState)

const ToolOutcome = Schema.Struct({ pydantic_ai: Schema.Struct({ outcome: Schema.String }) })
const isToolOutcome = Schema.is(ToolOutcome)

export const succeeded = (encryptedValue: string): boolean => {
  const json = Option.getOrUndefined(jsonOf(encryptedValue))
  return !isToolOutcome(json) || json.pydantic_ai.outcome === "success"
}

/** LangGraph reports a tool that failed only in its state. */
export const readState = (calls: AgUiCalls, snapshot: Schema.Json): void => {
  for (const message of Option.getOrUndefined(decodeGraphState(snapshot))?.messages ?? []) {
    for (const { args, id } of message.tool_calls ?? []) {
      if (id !== null) calls.repair(id, JSON.stringify(args))
    }
    const callId = message.tool_call_id ?? ""
    if (message.status === "error") calls.failed(callId)
  }
}

const readCall = (calls: AgUiCalls, { function: called, id }: ToolCall, metadata: Metadata): void => {
  if (calls.isKnown(id)) return calls.repair(id, called.arguments)
  calls.start(id, called.name, metadata)
  calls.addArguments(id, called.arguments)
  calls.end(id, false)
}

const readResult = (
  calls: AgUiCalls,
  { content, error, id, toolCallId }: Extract<Message, { readonly role: "tool" }>,
  metadata: Metadata,
): void => {
  const success = (error ?? "") === ""
  if (calls.pendingResult?.callId === toolCallId) return calls.settle(success)
  if (calls.get(toolCallId)?.hasResult !== false) return
  calls.settle(true)
  calls.result({ messageId: id, callId: toolCallId, content, metadata })
  calls.settle(success)
}

/** `messages` are those of this answer. Some servers send a call or its result only here. */
export const readMessages = (
  calls: AgUiCalls,
  messages: ReadonlyArray<Message>,
  metadata: Metadata,
): void => {
  for (const message of messages) {
    if (message.role === "assistant")
      for (const call of message.toolCalls ?? []) readCall(calls, call, metadata)
    if (message.role === "tool") readResult(calls, message, metadata)
  }
}

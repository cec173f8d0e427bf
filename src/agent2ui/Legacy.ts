/**
 * Events for a reader of protocol 1, which knows fewer types. Pure: each event is passed on, rewritten as the nearest
 * old type, left out, or ends the stream. Sequence numbers stay those of the run, so that a resume works in either
 * protocol.
 */
import type { Message } from "./Message.ts"

export type Downlevelled =
  | { readonly _tag: "Send"; readonly message: Message }
  | { readonly _tag: "Skip" }
  /** Shown text would have to be taken back, and this reader cannot be told so. */
  | { readonly _tag: "End" }

const send = (message: Message): Downlevelled => ({ _tag: "Send", message })

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

/** A plan of the one step, which old clients merge by id into the plan they show. */
const asPlan = ({ data, ...envelope }: Of<"plan_step">): Message => {
  const { durationMs, status, stepId, title } = data
  const step = { id: stepId, title, status, ...(durationMs === undefined ? {} : { durationMs }) }
  return {
    ...envelope,
    type: "plan",
    data: { steps: [step], currentStep: status === "running" ? stepId : "" },
  }
}

const asToolCall = (message: Of<"skill_call" | "mcp_call">, toolName: string): Message => {
  const { arguments: args, duration, error, result, status } = message.data
  const optional = {
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
    ...(duration === undefined ? {} : { duration }),
  }
  return { ...message, type: "tool_call", data: { toolName, arguments: args, status, ...optional } }
}

const asToolResult = (message: Of<"skill_result" | "mcp_result">, toolName: string): Message => {
  const { duration, error, result, success } = message.data
  const optional = {
    ...(error === undefined ? {} : { error }),
    ...(duration === undefined ? {} : { duration }),
  }
  return { ...message, type: "tool_result", data: { toolName, result, success, ...optional } }
}

export const downlevel = (message: Message): Downlevelled => {
  switch (message.type) {
    case "plan_step":
      return send(asPlan(message))
    case "skill_call":
      return send(asToolCall(message, message.data.skillName))
    case "mcp_call":
      return send(asToolCall(message, message.data.toolName))
    case "skill_result":
      return send(asToolResult(message, message.data.skillName))
    case "mcp_result":
      return send(asToolResult(message, message.data.toolName))
    case "sandbox_log":
    case "sandbox_output":
    case "sandbox_status":
    case "fallback":
      return { _tag: "Skip" }
    case "retract":
      return { _tag: "End" }
    case "report": {
      const sections = message.data.sections.map(({ content, heading }) => ({
        heading,
        content: content.flatMap((nested) => {
          const old = downlevel(nested)
          return old._tag === "Send" ? [old.message] : []
        }),
      }))
      return send({ ...message, data: { ...message.data, sections } })
    }
    default:
      return send(message)
  }
}

/**
 * Rewrites messages for readers of protocol 1, which knows fewer types. A message passes, becomes messages of the nearest
 * old types, or is left out. Sequence numbers stay those of the run, so a client may resume in either protocol.
 *
 * Clients of protocol 1 replace the plan with each `plan`, and the oldest ones close a call only by a `tool_call` with
 * its final status. Both need to know what came before: make one `Downlevel` per reader and give it the messages before the
 * reader's cursor first.
 */
import type { Message } from "./Message.ts"
import { advance, noPlan, type Plan, stepOf } from "./PlanSteps.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>

const asToolCall = (message: Of<"skill_call" | "mcp_call">, toolName: string): Of<"tool_call"> => {
  const { arguments: args, duration, error, result, status } = message.data
  const optional = {
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
    ...(duration === undefined ? {} : { duration }),
  }
  return { ...message, type: "tool_call", data: { toolName, arguments: args, status, ...optional } }
}

const asToolResult = (message: Of<"skill_result" | "mcp_result">, toolName: string): Of<"tool_result"> => {
  const { duration, error, result, success } = message.data
  const optional = {
    ...(error === undefined ? {} : { error }),
    ...(duration === undefined ? {} : { duration }),
  }
  return { ...message, type: "tool_result", data: { toolName, result, success, ...optional } }
}

/** The next message of the session answers an interrupt, so the question is enough. */
const asQuestion = ({ data, ...envelope }: Of<"interrupt">): Message => ({
  ...envelope,
  type: "text",
  data: { content: data.message ?? data.reason },
})

/** The call of a result, with its final status. Its id differs from the result's, for clients that keep messages by id. */
const closedCall = (result: Of<"tool_result">, args: Of<"tool_call">["data"]["arguments"]): Message => {
  const { success, ...said } = result.data
  const status = success ? "success" : "error"
  return {
    ...result,
    id: `${result.id}:call`,
    type: "tool_call",
    data: { ...said, arguments: args, status },
  }
}

export class Downlevel {
  #plan: Plan = noPlan
  #open: Array<Of<"tool_call">> = []
  #retracted = false

  /** Shown text was taken back, which protocol 1 cannot express: nothing may follow on this reader's stream. */
  get retracted(): boolean {
    return this.#retracted
  }

  /** Gives the messages to send for `message`, in order; none for types that protocol 1 does not know. */
  messages(message: Message): ReadonlyArray<Message> {
    switch (message.type) {
      case "plan":
        this.#plan = message.data
        return [message]
      case "plan_step":
        this.#plan = advance(this.#plan, stepOf(message.data))
        return [{ ...message, type: "plan", data: this.#plan }]
      case "tool_call":
        return this.#call(message)
      case "skill_call":
        return this.#call(asToolCall(message, message.data.skillName))
      case "mcp_call":
        return this.#call(asToolCall(message, message.data.toolName))
      case "tool_result":
        return this.#result(message)
      case "skill_result":
        return this.#result(asToolResult(message, message.data.skillName))
      case "mcp_result":
        return this.#result(asToolResult(message, message.data.toolName))
      case "fallback":
        // The next attempt makes a plan of its own.
        this.#plan = noPlan
        this.#open = []
        return []
      case "retract":
        this.#retracted = true
        return []
      case "interrupt":
        return [asQuestion(message)]
      case "sandbox_log":
      case "sandbox_output":
      case "sandbox_status":
        return []
      case "report":
        return [report(message)]
      default:
        return [message]
    }
  }

  #call(call: Of<"tool_call">): ReadonlyArray<Message> {
    if (call.data.status === "calling") this.#open.push(call)
    else this.#take(call)
    return [call]
  }

  #result(result: Of<"tool_result">): ReadonlyArray<Message> {
    return [closedCall(result, this.#take(result)?.data.arguments ?? {}), result]
  }

  #take(message: Of<"tool_call" | "tool_result">): Of<"tool_call"> | undefined {
    const index = this.#open.findIndex((open) => isSameCall(open, message))
    return index < 0 ? undefined : this.#open.splice(index, 1)[0]
  }
}

/** By `callId`; a call or result without one is matched by the tool's name. */
const isSameCall = (open: Of<"tool_call">, other: Of<"tool_call" | "tool_result">): boolean => {
  const [one, two] = [open.metadata?.callId, other.metadata?.callId]
  return one === undefined || two === undefined ? open.data.toolName === other.data.toolName : one === two
}

/** A report holds messages of its own, which have nothing to do with the run's plan and calls. */
const report = (message: Of<"report">): Message => {
  const nested = new Downlevel()
  const sections = message.data.sections.map(({ content, heading }) => ({
    heading,
    content: content.flatMap((each) => nested.messages(each)),
  }))
  return { ...message, data: { ...message.data, sections } }
}

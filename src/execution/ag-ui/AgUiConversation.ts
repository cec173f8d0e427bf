/**
 * The messages that one answer adds to the conversation, with the agent's own ids, as an AG-UI client collects them. Plain
 * code, one per response.
 *
 * A `MESSAGES_SNAPSHOT` replaces the collected messages by those after the current user message.
 */
import type { Content, EventOf, Message } from "./AgUiWire.ts"
import { textOf } from "./AgUiCalls.ts"

type Assistant = Extract<Message, { readonly role: "assistant" }>
type ToolCalls = NonNullable<Assistant["toolCalls"]>

/** The messages that the request sent, and those of earlier turns. */
export interface Sent {
  /** The current user message; undefined if the turn only answers interrupts. */
  readonly user: { readonly id: string; readonly content: string } | undefined
  readonly knownIds: ReadonlySet<string>
}

const isUser = ({ role }: Message): boolean => role === "user"

export class AgUiConversation {
  readonly #sent: Sent
  #messages: Array<Message> = []
  /** The text of the last snapshot, if no text followed it. */
  #finalText: string | undefined

  constructor(sent: Sent) {
    this.#sent = sent
  }

  get finalText(): string | undefined {
    return this.#finalText
  }

  get messages(): ReadonlyArray<Message> {
    return this.#messages.filter(
      (message) =>
        (message.role !== "assistant" ||
          (message.content ?? "") !== "" ||
          (message.toolCalls?.length ?? 0) > 0) &&
        (message.role !== "reasoning" || message.encryptedValue !== undefined),
    )
  }

  text(id: string, delta: string): void {
    this.#finalText = undefined
    this.#update(id, { id, role: "assistant" }, (message) =>
      message.role === "assistant" ? { ...message, content: (message.content ?? "") + delta } : message,
    )
  }

  reasoning(id: string, delta: string): void {
    this.#update(id, { id, role: "reasoning", content: "" }, (message) =>
      message.role === "reasoning" ? { ...message, content: message.content + delta } : message,
    )
  }

  call(id: string, name: string, parentId: string | undefined): void {
    const call = { id, type: "function", function: { name, arguments: "" } } as const
    const own = parentId ?? this.#parentOfNextCall ?? `call-${id}`
    this.#update(own, { id: own, role: "assistant" }, (message) =>
      message.role === "assistant"
        ? { ...message, toolCalls: [...(message.toolCalls ?? []), call] }
        : message,
    )
  }

  callArguments(id: string, delta: string): void {
    this.#updateCall(id, (call) => ({
      ...call,
      function: { ...call.function, arguments: call.function.arguments + delta },
    }))
  }

  result(id: string, toolCallId: string, content: Content): void {
    this.#update(id, { id, role: "tool", toolCallId, content }, (message) => message)
  }

  encrypted({ encryptedValue, entityId, subtype }: EventOf<"REASONING_ENCRYPTED_VALUE">): void {
    if (subtype === "tool-call") return this.#updateCall(entityId, (call) => ({ ...call, encryptedValue }))
    this.#messages = this.#messages.map((message) =>
      message.id === entityId && message.role !== "activity" ? { ...message, encryptedValue } : message,
    )
  }

  /** Returns the messages that belong to this answer. */
  snapshot(messages: ReadonlyArray<Message>): ReadonlyArray<Message> {
    const start = this.#startOf(messages)
    if (start === -1) return []
    const own = messages
      .slice(start + 1)
      .filter(
        ({ id, role, subagentRunId }) =>
          subagentRunId === undefined &&
          !this.#sent.knownIds.has(id) &&
          (role === "assistant" || role === "tool" || role === "reasoning"),
      )
      .map((message) => this.#withText(message))
    this.#messages = own
    this.#finalText = own
      .map((message) => (message.role === "assistant" ? (message.content ?? "") : ""))
      .join("")
    return own
  }

  /** LangGraph's snapshot has no text of a message with reasoning. */
  #withText(message: Message): Message {
    if (message.role !== "assistant" || (message.content ?? "") !== "") return message
    const streamed = this.#messages.find(({ id }) => id === message.id)
    return streamed?.role === "assistant" && streamed.content !== undefined
      ? { ...message, content: streamed.content }
      : message
  }

  /** The position of the message that this answer follows. A snapshot may hold only earlier turns. */
  #startOf(messages: ReadonlyArray<Message>): number {
    const last = messages.findLastIndex(isUser)
    const { user } = this.#sent
    const found = messages[last]
    if (user === undefined || found?.role !== "user") return last
    return found.id === user.id || textOf(found.content) === user.content ? last : -1
  }

  /** Parallel calls belong to one message. */
  get #parentOfNextCall(): string | undefined {
    const last = this.#messages.at(-1)
    return last?.role === "assistant" && last.toolCalls !== undefined ? last.id : undefined
  }

  #update(id: string, empty: Message, change: (message: Message) => Message): void {
    const index = this.#messages.findLastIndex((message) => message.id === id)
    const found = this.#messages[index]
    if (found === undefined) this.#messages.push(change(empty))
    else this.#messages[index] = change(found)
  }

  #updateCall(id: string, change: (call: ToolCalls[number]) => ToolCalls[number]): void {
    const index = this.#messages.findLastIndex(
      (message) => message.role === "assistant" && message.toolCalls?.some((call) => call.id === id) === true,
    )
    const found = this.#messages[index]
    if (found?.role === "assistant")
      this.#messages[index] = {
        ...found,
        toolCalls: found.toolCalls?.map((call) => (call.id === id ? change(call) : call)) ?? [],
      }
  }
}

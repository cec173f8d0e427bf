/** Conversations made of the events of one run. */
import type { ChatEvent, Message } from "../../src/client/Contract.ts"
import * as Conversation from "../../src/client/Conversation.ts"
import type { Part } from "../../src/client/Parts.ts"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"

const run = { runId: "r1", sessionId: "s1" }
export const usage = { tokens: 3, latencyMs: 9 }
export const end = { messageId: "m1", executionMode: "runtime_orchestrator", usage, ...run } as const

export const open: ChatEvent = {
  ...run,
  seq: 0,
  event: "open",
  data: { executionMode: "runtime_orchestrator" },
}
export const messageAt = (data: Message, seq: number): ChatEvent => ({ ...run, seq, event: "message", data })
export const done = (seq: number, more: { readonly finishReason?: "interrupt" } = {}): ChatEvent => ({
  ...run,
  seq,
  event: "done",
  data: { ...end, ...more },
})
export const failure = (
  seq: number,
  error: { readonly code: string; readonly stepId?: string; readonly callId?: string },
): ChatEvent => ({
  ...run,
  seq,
  event: "error",
  data: { message: "m", recoverable: true, runId: run.runId, ...error },
})

/** Events 1, 2, … of the run, one second apart. */
export const events = (...drafts: ReadonlyArray<Draft>): ReadonlyArray<ChatEvent> =>
  drafts.map((draft, index) => {
    const timestamp = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString()
    return messageAt({ id: `r1:${index + 1}`, timestamp, ...draft } as Message, index + 1)
  })

export const reduced = (all: ReadonlyArray<ChatEvent>, from = Conversation.emptyConversation) =>
  all.reduce(Conversation.reduce, from)

export const answerOf = (conversation: Conversation.Conversation): Conversation.Answer => {
  const last = conversation.messages.at(-1)
  if (last?.role !== "assistant") throw new Error("no answer")
  return last
}
export const textOf = (parts: ReadonlyArray<Part>) =>
  parts.map((part) => (part.type === "text" || part.type === "markdown" ? part.content : "")).join("")

export const plan = (...ids: ReadonlyArray<string>): Draft => ({
  type: "plan",
  data: { currentStep: "", steps: ids.map((id) => ({ id, title: id, status: "pending" })) },
})

/** Parts of the runs that the tests play, and what they compare of what the client shows. */
import type { Message as ClientMessage } from "@ag-ui/core"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"

export const typesOf = ({ events }: { readonly events: ReadonlyArray<{ readonly type: string }> }) =>
  events.map(({ type }) => type)

export const content = (messages: ReadonlyArray<ClientMessage>) =>
  messages.map(
    (message) => `${message.role}: ${JSON.stringify("content" in message ? message.content : null)}`,
  )

export const subAgent = (callId: string): Draft => ({
  type: "skill_call",
  data: { skillId: "s", skillName: "subagent:poet", arguments: {}, status: "calling" },
  metadata: { callId },
})

export const subAgentResult = (callId: string, success: boolean): Draft => ({
  type: "skill_result",
  data: { skillId: "s", skillName: "subagent:poet", result: "a poem", success, error: "lost" },
  metadata: { callId },
})

export const interrupt = (metadata?: { readonly callId: string }): Draft => ({
  type: "interrupt",
  data: {
    interruptId: "i-1",
    reason: "tool_call",
    message: "Delete /x?",
    toolName: "delete_file",
    arguments: { path: "/x" },
    responseSchema: { type: "object" },
    expiresAt: "2030-01-01T00:00:00.000Z",
    payload: { raw: 1 },
  },
  ...(metadata === undefined ? {} : { metadata }),
})

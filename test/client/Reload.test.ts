/** A session that is loaded again shows what its reader saw, for each scenario of the Python runtime. */
import { expect, it } from "vitest"
import type { Answer, Conversation } from "../../src/client/Conversation.ts"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import { defaultAgent, eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { clientOf } from "./reading.ts"

const world = useWorld()

const open = (sessionId?: string) =>
  new ConversationStore({
    client: clientOf(world.gateway.url, world.client.token),
    agentId: defaultAgent,
    sessionId,
  })

/** Without the keys of questions, the versions, the boundaries of chunks and the cursor. The live answer names only the decided mode of a failure. */
const compared = ({ messages }: Conversation) =>
  messages.map((message) => {
    if (message.role === "user") return message.content
    const { messageId: _, seq: __, siblings: ____, stored: ___, ...answer } = message
    const { executionMode, ...facts } = answer
    return {
      ...facts,
      ...(answer.status === "completed" ? { executionMode } : {}),
      parts: answer.parts.map((part) => ("chunks" in part ? { ...part, chunks: [] } : part)),
    }
  })

const answerOf = ({ messages }: Conversation): Answer | undefined =>
  messages.findLast((message) => message.role === "assistant")

const reload = async (sessionId: string | undefined) => {
  expect(sessionId).toBeDefined()
  const store = open(sessionId)
  await store.open()
  return store.getState().conversation
}

it.each([
  { scenario: "echo", message: "hello" },
  { scenario: "all" },
  { scenario: "slow", count: 5, delay_ms: 10 },
  { scenario: "cut", after: "tool_call" },
  { scenario: "cut", after: "text" },
  { scenario: "error", code: "INTERNAL_ERROR" },
])("shows $scenario as it was seen", async (scenario) => {
  const live = open()
  await live.send(JSON.stringify(scenario))
  const { conversation } = live.getState()
  expect(answerOf(conversation)?.status).toBeDefined()
  expect(compared(await reload(conversation.sessionId))).toEqual(compared(conversation))
})

it("shows a cancelled answer with all that was seen", async () => {
  const live = open()
  const sent = live.send(JSON.stringify({ scenario: "hang", after: "text" }))
  await eventually(async () => (answerOf(live.getState().conversation)?.parts.length ?? 0) > 0)
  await live.stop()
  await sent
  const { conversation } = live.getState()
  expect(answerOf(conversation)?.status).toBe("cancelled")
  expect(compared(await reload(conversation.sessionId))).toEqual(compared(conversation))
})

it("shows an answer that is retried once, after the retry", async () => {
  const live = open()
  await live.send(JSON.stringify({ scenario: "cut", after: "tool_call" }))
  await live.retry()
  const { conversation } = live.getState()
  const reloaded = await reload(conversation.sessionId)
  expect(reloaded.messages).toHaveLength(2)
  expect(compared(reloaded)).toEqual(compared(conversation))
})

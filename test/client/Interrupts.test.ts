/** A run that waits for its user, from a runtime that speaks AG-UI to the store of the client. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Answer, pendingInterrupts } from "../../src/client/Conversation.ts"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import { startAskingAgent } from "../support/askingAgent.ts"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { clientOf } from "./reading.ts"

const questions = [
  { id: "i1", reason: "confirmation", message: "Delete /x?" },
  { id: "i2", reason: "confirmation", message: "Delete /y?" },
]

const folder = temporaryFolder()
let gateway: Running
let agent: Awaited<ReturnType<typeof startAskingAgent>>
beforeAll(async () => {
  agent = await startAskingAgent({ questions, answer: "Deleted." })
  gateway = await startGateway({ DATA_DIR: folder.path, ...agent.env })
})
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  agent?.close()
  folder.dispose()
})

const textOf = ({ parts }: Answer) => parts.map((part) => (part.type === "text" ? part.content : "")).join("")

describe("interrupts", () => {
  it("wait for all answers, and one turn carries them to the runtime", async () => {
    const client = clientOf(gateway.url, await tokenFor("acme", "ana"))
    const store = new ConversationStore({ client, agentId: defaultAgent })
    await store.send("delete them")
    const asks = store.getState().conversation
    expect(pendingInterrupts(asks)).toMatchObject([
      { interruptId: "i1", message: "Delete /x?" },
      { interruptId: "i2" },
    ])
    expect(asks.messages.at(-1)).toMatchObject({ status: "completed", finishReason: "interrupt" })

    await store.answer("i2", { approved: false })
    expect(store.getState().answers).toEqual([{ interruptId: "i2", payload: { approved: false } }])
    expect(agent.asked).toHaveLength(1)
    const loaded = new ConversationStore({ client, agentId: defaultAgent, sessionId: asks.sessionId })
    await loaded.open()
    expect(pendingInterrupts(loaded.getState().conversation)).toEqual(pendingInterrupts(asks))

    await store.answer("i1", { approved: true })
    const { answers, conversation, error } = store.getState()
    expect({ answers, error }).toEqual({ answers: [], error: undefined })
    expect(pendingInterrupts(conversation)).toEqual([])
    expect(textOf(conversation.messages.at(-1) as Answer)).toBe("Deleted.")
    expect(agent.asked[1]?.resume).toEqual([
      { interruptId: "i1", status: "resolved", payload: { approved: true } },
      { interruptId: "i2", status: "resolved", payload: { approved: false } },
    ])
  })

  it("are refused with their own code if the session has none", async () => {
    const client = clientOf(gateway.url, await tokenFor("acme", "ben"))
    const store = new ConversationStore({ client, agentId: defaultAgent })
    await store.send("delete them")
    const { sessionId = "" } = store.getState().conversation
    await expect(client.resume(sessionId, { interruptId: "i9", payload: 1 }).next()).rejects.toMatchObject({
      code: "INTERRUPT_NOT_FOUND",
      status: 404,
    })
  })
})

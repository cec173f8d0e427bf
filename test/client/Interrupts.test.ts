/** A run that waits for its user, from a runtime that speaks AG-UI to the store of the client. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Answer, pendingInterrupts } from "../../src/client/Conversation.ts"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { clientOf } from "./reading.ts"

interface Input {
  readonly threadId: string
  readonly runId: string
  readonly resume?: ReadonlyArray<object>
}

const questions = [
  { id: "i1", reason: "confirmation", message: "Delete /x?" },
  { id: "i2", reason: "confirmation", message: "Delete /y?" },
]

const eventsFor = ({ resume, runId, threadId }: Input): ReadonlyArray<object> => {
  const place = { threadId, runId }
  if (resume === undefined)
    return [
      { type: "RUN_STARTED", ...place },
      { type: "RUN_FINISHED", ...place, outcome: { type: "interrupt", interrupts: questions } },
    ]
  return [
    { type: "RUN_STARTED", ...place },
    { type: "TEXT_MESSAGE_START", messageId: "m", role: "assistant" },
    { type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: "Deleted." },
    { type: "TEXT_MESSAGE_END", messageId: "m" },
    { type: "RUN_FINISHED", ...place },
  ]
}

const asked: Array<Input> = []
const runtime = createServer((request, response) => {
  let text = ""
  request.setEncoding("utf8").on("data", (data: string) => (text += data))
  request.on("end", () => {
    const input: Input = JSON.parse(text)
    asked.push(input)
    response.writeHead(200, { "content-type": "text/event-stream" })
    for (const event of eventsFor(input)) response.write(`data: ${JSON.stringify(event)}\n\n`)
    response.end()
  })
})

const folder = temporaryFolder()
let gateway: Running

beforeAll(async () => {
  await once(runtime.listen(0, "127.0.0.1"), "listening")
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "runtime_orchestrator",
    CHAT_RUNTIME_PROBES: "false",
    RUNTIME_PROTOCOL: "ag-ui",
    RUNTIME_SERVICE_URL: `http://127.0.0.1:${(runtime.address() as AddressInfo).port}/agent`,
  })
})
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  runtime.close()
  runtime.closeAllConnections()
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
    expect(asked).toHaveLength(1)
    const loaded = new ConversationStore({ client, agentId: defaultAgent, sessionId: asks.sessionId })
    await loaded.open()
    expect(pendingInterrupts(loaded.getState().conversation)).toEqual(pendingInterrupts(asks))

    await store.answer("i1", { approved: true })
    const { answers, conversation, error } = store.getState()
    expect({ answers, error }).toEqual({ answers: [], error: undefined })
    expect(pendingInterrupts(conversation)).toEqual([])
    expect(textOf(conversation.messages.at(-1) as Answer)).toBe("Deleted.")
    expect(asked[1]?.resume).toEqual([
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

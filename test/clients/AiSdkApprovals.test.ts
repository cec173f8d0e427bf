/** Approvals in the AI SDK's own client, of an agent that stops for them. */
import { Chat } from "@ai-sdk/react"
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses, type UIMessage } from "ai"
import { afterAll, beforeAll, expect, it } from "vitest"
import { eventually, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { startAgent } from "./agUiAgent.ts"

const folder = temporaryFolder()
let agent: Awaited<ReturnType<typeof startAgent>>
let gateway: Running
let token: string

beforeAll(async () => {
  agent = await startAgent()
  gateway = await startGateway({
    DATA_DIR: folder.path,
    CHAT_EXECUTION_MODE: "runtime_orchestrator",
    RUNTIME_PROTOCOL: "ag-ui",
    RUNTIME_SERVICE_URL: agent.url,
    CHAT_RUNTIME_PROBES: "false",
  })
  token = await tokenFor()
})

afterAll(async () => {
  await gateway.stop("SIGKILL")
  await agent.stop()
  folder.dispose()
})

let chats = 0

const open = (isAutomatic = true) =>
  new Chat<UIMessage>({
    id: `approvals-${(chats += 1)}`,
    transport: new DefaultChatTransport({
      api: `${gateway.url}/api/v1/ai-sdk/chat`,
      headers: { authorization: `Bearer ${token}` },
    }),
    ...(isAutomatic ? { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses } : {}),
  })

const asking = async (isAutomatic?: boolean) => {
  const chat = open(isAutomatic)
  await chat.sendMessage({ text: "delete /x" })
  expect(chat.error).toBeUndefined()
  expect(chat.lastMessage?.parts.at(-1)).toMatchObject({
    type: "dynamic-tool",
    toolName: "delete_file",
    input: { path: "/x" },
    state: "approval-requested",
    approval: { id: "int-tc-del", requestReason: "Delete /x?" },
  })
  return chat
}

const statesOf = (message: UIMessage | undefined) =>
  message?.parts.map((part) => {
    if (part.type === "dynamic-tool") return part.state
    return part.type === "text" ? part.text : part.type
  })

const settled = (chat: Chat<UIMessage>) =>
  eventually(async () => chat.status === "ready" || chat.status === "error")

it("an approval runs the call, and its result and the rest of the answer join the message", async () => {
  const chat = await asking()
  await chat.addToolApprovalResponse({ id: "int-tc-del", approved: true })
  await eventually(async () => chat.status !== "ready")
  await settled(chat)
  expect(chat.error).toBeUndefined()
  expect(chat.messages).toHaveLength(2)
  expect(statesOf(chat.lastMessage)).toEqual([
    "step-start",
    "output-available",
    "step-start",
    '{"approved":true}',
  ])
  expect(agent.asked.at(-1).resume).toMatchObject([
    { interruptId: "int-tc-del", payload: { approved: true } },
  ])
  await chat.sendMessage({ text: "thanks" })
  expect(chat.error).toBeUndefined()
  expect(statesOf(chat.lastMessage)).toEqual(["step-start", "Hello."])
})

it("a denial closes the call, and the agent gets the reason", async () => {
  const chat = await asking()
  await chat.addToolApprovalResponse({ id: "int-tc-del", approved: false, reason: "Not that one." })
  await eventually(async () => chat.status !== "ready")
  await settled(chat)
  expect(chat.error).toBeUndefined()
  const payload = { approved: false, reason: "Not that one." }
  expect(agent.asked.at(-1).resume).toMatchObject([{ interruptId: "int-tc-del", payload }])
  expect(statesOf(chat.lastMessage)).toEqual([
    "step-start",
    "output-denied",
    "step-start",
    JSON.stringify(payload),
  ])
})

it("an approval goes with the user's next message when the app does not send it alone", async () => {
  const chat = await asking(false)
  await chat.addToolApprovalResponse({ id: "int-tc-del", approved: true })
  await chat.sendMessage({ text: "and hurry" })
  expect(chat.error).toBeUndefined()
  expect(agent.asked.at(-1).resume).toMatchObject([{ payload: { approved: true } }])
  expect(statesOf(chat.lastMessage)).toContain('{"approved":true}')
})

it("a message without an answer does not approve the call", async () => {
  const chat = await asking(false)
  await chat.sendMessage({ text: "wait" })
  expect(chat.error).toBeUndefined()
  expect(JSON.stringify(agent.asked.at(-1).resume)).not.toContain("true")
})

it("an approval that is sent twice is refused the second time", async () => {
  const chat = await asking(false)
  await chat.addToolApprovalResponse({ id: "int-tc-del", approved: true })
  const before = chat.messages
  await chat.sendMessage()
  expect(chat.error).toBeUndefined()
  chat.messages = before
  const runs = agent.asked.length
  await chat.sendMessage()
  expect(chat.error?.message).toContain("payload.messages.1")
  expect(agent.asked).toHaveLength(runs)
})

it("a question without a call is data, and the app answers it in the body", async () => {
  const chat = open(false)
  await chat.sendMessage({ text: "a question, please" })
  expect(chat.lastMessage?.parts.at(-1)).toMatchObject({
    type: "data-interrupt",
    data: { interruptId: "int-q", message: "Which file?" },
  })
  await chat.sendMessage(undefined, { body: { answers: [{ interruptId: "int-q", payload: "/y" }] } })
  expect(chat.error).toBeUndefined()
  expect(agent.asked.at(-1).resume).toMatchObject([{ interruptId: "int-q", payload: "/y" }])
  expect(statesOf(chat.lastMessage)?.at(-1)).toBe('"/y"')
})

import { describe, expect, it } from "vitest"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { chatsOf, echo, scenario, textOf } from "./aiSdkChats.ts"
import { startCutProxy } from "./cutProxy.ts"
import { slow } from "./readers.ts"

const world = useWorld({ CHAT_DETACH_GRACE_MS: "20000" })
const { open, stored } = chatsOf(world)

describe("an answer that is running", () => {
  const running = async (fields: object = slow) => {
    const opened = open()
    const sent = opened.chat.sendMessage({ text: scenario(fields) })
    await eventually(async () => textOf(opened.chat.lastMessage).includes("idée 1"))
    return { ...opened, sent }
  }

  it("comes again from its start on a fresh page", async () => {
    const { chat, id, sent } = await running()
    const { chat: fresh } = open({ id, messages: chat.messages.slice(0, 1) })
    await fresh.resumeStream()
    expect(fresh.error).toBeUndefined()
    expect(fresh.messages).toHaveLength(2)
    await sent
    expect(fresh.lastMessage).toEqual(chat.lastMessage)
    expect(textOf(fresh.lastMessage)).toContain("idée 9")
  })

  it("comes again after a cut, without a part twice", async () => {
    const proxy = await startCutProxy(world.gateway.url, [/e 3 /])
    const { chat, id } = open({ url: proxy.url })
    await chat.sendMessage({ text: scenario(slow) })
    expect(chat.status).toBe("error")
    expect(textOf(chat.lastMessage)).not.toContain("idée 9")
    await chat.resumeStream()
    expect(chat.error).toBeUndefined()
    expect(chat.messages).toHaveLength(2)
    const [, whole] = /^(.*)$/s.exec(textOf(chat.lastMessage)) ?? []
    expect(whole).toBe(Array.from({ length: 10 }, (_, index) => `idée ${index} `).join(""))
    expect(proxy.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /api/v1/ai-sdk/chat",
      `GET /api/v1/ai-sdk/chat/${id}/stream`,
    ])
    await proxy.stop()
  })

  it("is nothing to resume in a chat that is new or idle", async () => {
    const { chat, id } = open()
    await chat.resumeStream()
    expect(chat.status).toBe("ready")
    expect(chat.messages).toEqual([])
    await chat.sendMessage({ text: echo("a") })
    const answer = await world.client.request("GET", `/api/v1/ai-sdk/chat/${encodeURIComponent(id)}/stream`)
    expect(answer.status).toBe(204)
  })

  it("reaches two readers alike", async () => {
    const { chat, id, sent } = await running()
    const others = [1, 2].map(() => open({ id, messages: chat.messages.slice(0, 1) }).chat)
    await Promise.all([sent, ...others.map((other) => other.resumeStream())])
    for (const other of others) expect(other.lastMessage).toEqual(chat.lastMessage)
  })

  it("ends for every reader when the app stops it", async () => {
    const { chat, id, sent } = await running({ scenario: "slow", count: 1000, delay_ms: 50 })
    const { chat: other, finishes } = open({ id, messages: chat.messages.slice(0, 1) })
    const resumed = other.resumeStream()
    await eventually(async () => textOf(other.lastMessage).includes("idée 1"))
    const answer = await world.client.json("POST", `/api/v1/ai-sdk/chat/${id}/stop`)
    expect(answer).toMatchObject({ success: true, data: { runId: chat.lastMessage?.id, cancelled: true } })
    await Promise.all([sent, resumed, chat.stop()])
    expect(other.status).toBe("ready")
    expect(finishes.map(({ isError }) => isError)).toEqual([false])
    const again = await world.client.json("POST", `/api/v1/ai-sdk/chat/${id}/stop`)
    expect(again.data).toEqual({ runId: null, cancelled: false })
    expect((await world.run(chat.lastMessage!.id)).status).toBe("cancelled")
  })

  it("makes room for the next message after the user has stopped it", async () => {
    const { chat, sent } = await running({ scenario: "slow", count: 1000, delay_ms: 50 })
    const first = chat.lastMessage!.id
    await chat.stop()
    await sent
    expect(chat.status).toBe("ready")
    await chat.sendMessage({ text: echo("next") })
    expect(chat.error).toBeUndefined()
    expect(textOf(chat.lastMessage)).toBe("You said: next")
    expect((await world.run(first)).status).toBe("cancelled")
    const [question, partial, next] = await stored(chat)
    expect(partial?.parent).toBe(question?.content)
    expect(next?.parent).toBe(partial?.content)
  })

  it("refuses the next message while another reader reads it", async () => {
    const { chat, id, sent } = await running({ scenario: "slow", count: 60, delay_ms: 50 })
    const { chat: other } = open({ id, messages: chat.messages.slice(0, 1) })
    await other.sendMessage({ text: echo("next") })
    expect(other.status).toBe("error")
    expect(other.error?.message).toContain("REQUEST_IN_PROGRESS")
    await sent
    expect(chat.error).toBeUndefined()
  })
})

/** Other answers and edits of `useChat`, whose state is `Chat`, against a real gateway. */
import type { UIMessage } from "ai"
import { describe, expect, it } from "vitest"
import { useWorld } from "../support/world.ts"
import { chatsOf, echo, sessionOf, textOf } from "./aiSdkChats.ts"

const world = useWorld()
const { open, stored } = chatsOf(world)

/** The texts that the runtime got last. */
const sent = async (): Promise<ReadonlyArray<string>> => {
  const history = (await world.log()).executions.at(-1)?.body.history_messages ?? []
  return history.map(({ content }: { content: string }) => content)
}

describe("regenerate", () => {
  it("makes another answer to the stored question, and the chat continues after it", async () => {
    const { chat } = open()
    await chat.sendMessage({ text: echo("a") })
    await chat.sendMessage({ text: echo("b") })
    const sessionId = sessionOf(chat)
    const before = await world.messages(sessionId)
    await chat.regenerate()
    expect(chat.error).toBeUndefined()
    expect(chat.messages.map(textOf)).toEqual([echo("a"), "You said: a", echo("b"), "You said: b"])
    const after = await world.messages(sessionId)
    expect(after.slice(0, 4)).toEqual(before)
    expect(after.slice(4).map(({ parentMessageId, role }) => [role, parentMessageId])).toEqual([
      ["assistant", before[2].id],
    ])
    await chat.sendMessage({ text: echo("c") })
    expect(await sent()).toEqual([echo("a"), "You said: a", echo("b"), "You said: b", echo("c")])
    const messages = await world.messages(sessionId)
    expect(messages.at(-2).parentMessageId).toBe(after[4].id)
  })

  it("answers an earlier question again, by the id of its answer", async () => {
    const { chat } = open()
    await chat.sendMessage({ text: echo("a") })
    await chat.sendMessage({ text: echo("b") })
    await chat.regenerate({ messageId: chat.messages[1]!.id })
    expect(chat.error).toBeUndefined()
    expect(chat.messages).toHaveLength(2)
    expect(await sent()).toEqual([echo("a")])
    const messages = await stored(chat)
    expect(messages.filter(({ role }) => role === "user")).toHaveLength(2)
    expect(messages.at(-1)).toEqual({ role: "assistant", content: "You said: a", parent: echo("a") })
  })

  it("answers the one of two equal questions that the client names", async () => {
    const { chat } = open()
    await chat.sendMessage({ text: echo("a") })
    await chat.sendMessage({ text: echo("a") })
    await chat.regenerate({ messageId: chat.messages[1]!.id })
    const all = await world.messages(sessionOf(chat))
    expect(all.at(-1).parentMessageId).toBe(all[0].id)
    expect(all.filter(({ role }) => role === "user")).toHaveLength(2)
  })
})

describe("the branch that the client shows", () => {
  it("is continued, also if the chat has a newer answer", async () => {
    const { chat, id } = open()
    await chat.sendMessage({ text: echo("a") })
    const shown = chat.messages
    await chat.regenerate()
    const all = await world.messages(sessionOf(chat))
    const { chat: older } = open({ id, messages: shown })
    await older.sendMessage({ text: echo("b") })
    expect(older.error).toBeUndefined()
    expect((await world.messages(sessionOf(chat))).at(-2).parentMessageId).toBe(all[1].id)
    // A page that reads the chat from the gateway has the gateway's own ids.
    const own: ReadonlyArray<UIMessage> = [0, 2].map((index) => ({
      id: all[index].id,
      role: all[index].role,
      parts: [{ type: "text" as const, text: all[index].content }],
    }))
    const { chat: loaded } = open({ id, messages: own })
    await loaded.sendMessage({ text: echo("c") })
    expect((await world.messages(sessionOf(chat))).at(-2).parentMessageId).toBe(all[2].id)
  })
})

describe("an edit", () => {
  it("never sends the old message again, also not with later messages", async () => {
    const { chat } = open()
    await chat.sendMessage({ text: echo("a") })
    await chat.sendMessage({ text: echo("secret") })
    await chat.sendMessage({ text: echo("two"), messageId: chat.messages[2]!.id })
    expect(await sent()).toEqual([echo("a"), "You said: a", echo("two")])
    await chat.sendMessage({ text: echo("three") })
    expect(await sent()).toEqual([echo("a"), "You said: a", echo("two"), "You said: two", echo("three")])
    const all = await world.messages(sessionOf(chat))
    const texts = [echo("secret"), echo("two")]
    const versions = all.filter(({ content }) => texts.includes(content))
    expect(versions.map(({ parentMessageId }) => parentMessageId)).toEqual([all[1].id, all[1].id])
  })

  it("needs an id of the gateway if the client sends its last message alone", async () => {
    const { chat, id } = open()
    await chat.sendMessage({ text: echo("a") })
    await chat.sendMessage({ text: echo("secret") })
    const all = await world.messages(sessionOf(chat))
    const edit = (messageId: string) =>
      world.client.request("POST", "/api/v1/ai-sdk/chat", {
        id,
        trigger: "submit-message",
        messageId,
        message: { id: messageId, role: "user", parts: [{ type: "text", text: echo("two") }] },
      })
    expect(await (await edit(all[2].id)).text()).toContain("[DONE]")
    expect(await sent()).toEqual([echo("a"), "You said: a", echo("two")])
    const refused = await edit("u-unknown")
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining("payload.messageId"),
    ])
    expect(await world.messages(sessionOf(chat))).toHaveLength(6)
  })
})

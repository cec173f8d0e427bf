import { describe, expect, it } from "vitest"
import { versionOf } from "../../src/client/Branches.ts"
import { createClient } from "../../src/client/Client.ts"
import type { ConversationMessage } from "../../src/client/Conversation.ts"
import { ConversationStore } from "../../src/client/ConversationStore.ts"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld()

const storeOf = (sessionId?: string) => {
  const client = createClient({ baseUrl: world.gateway.url, token: world.client.token })
  return { client, store: new ConversationStore({ client, agentId: defaultAgent, sessionId }) }
}

const shown = (store: ConversationStore) =>
  store.getState().conversation.messages.map((message) => {
    const version = versionOf(message)
    const text =
      message.role === "user"
        ? message.content
        : message.parts.map((part) => (part.type === "text" ? part.content : "")).join("")
    return [text, version === undefined ? "" : `${version.number} / ${version.of}`]
  })

const message = (store: ConversationStore, index: number): ConversationMessage =>
  store.getState().conversation.messages[index]!

describe("a conversation with branches", () => {
  it("shows another answer and its number, and the one before on demand", async () => {
    const { store } = storeOf()
    await store.send("one")
    await store.send("two")
    await store.regenerate(message(store, 1).key)
    expect(shown(store)).toEqual([
      ["one", "1 / 1"],
      ["You said: one", "2 / 2"],
    ])
    await store.show(versionOf(message(store, 1))!.previous!)
    expect(shown(store)).toEqual([
      ["one", "1 / 1"],
      ["You said: one", "1 / 2"],
      ["two", "1 / 1"],
      ["You said: two", "1 / 1"],
    ])
    // The next message follows the branch that is shown.
    const leaf = message(store, 3).messageId
    await store.send("three")
    const { sessionId } = store.getState().conversation
    const stored = await world.messages(sessionId!)
    expect(stored.at(-2)).toMatchObject({ content: "three", parentMessageId: leaf })
  })

  it("shows an edited message in the place of the old one and everything after it", async () => {
    const { store } = storeOf()
    await store.send("one")
    await store.send("two")
    await store.edit(message(store, 0).key, "uno")
    expect(shown(store)).toEqual([
      ["uno", "2 / 2"],
      ["You said: uno", "1 / 1"],
    ])
    const { sessionId } = store.getState().conversation
    const { store: loaded } = storeOf(sessionId)
    await loaded.open()
    expect(shown(loaded)).toEqual(shown(store))
    await loaded.show(versionOf(message(loaded, 0))!.previous!)
    expect(shown(loaded).map(([text]) => text)).toEqual(["one", "You said: one", "two", "You said: two"])
  })

  it("answers in the chosen mode, and reports a refusal", async () => {
    const { client, store } = storeOf()
    await store.send("one")
    await store.regenerate(message(store, 0).key, { mode: "direct_llm" })
    expect(message(store, 1)).toMatchObject({ executionMode: "direct_llm" })
    const id = message(store, 1).messageId!
    const placed = await client.message(id)
    expect(placed.siblings).toHaveLength(2)
    expect(placed.siblings[1]).toBe(id)
    expect(placed.leaf).toBe(id)
    await expect(client.edit(id, { message: "x" }).next()).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    })
  })
})

/** Other answers and edits of an AG-UI client, which sends its changed list of messages. */
import { describe, expect, it } from "vitest"
import { AgUiAgent } from "../support/agUiClient.ts"
import { useWorld } from "../support/world.ts"
import { run, stored } from "./agUiRuns.ts"

const world = useWorld({ LOG_LEVEL: "warn" })

const sent = async (): Promise<ReadonlyArray<string>> => {
  const history = (await world.log()).executions.at(-1)?.body.history_messages ?? []
  return history.map(({ content }: { content: string }) => content)
}

/** The client drops the message and everything after it. */
const cutAt = (agent: AgUiAgent, id: string) =>
  agent.setMessages(
    agent.messages.slice(
      0,
      agent.messages.findIndex((message) => message.id === id),
    ),
  )

describe("a changed list of messages", () => {
  it("without the last answer makes another answer to the same question", async () => {
    const agent = new AgUiAgent(world.client).says("u1", "one")
    await run(agent)
    const before = await stored(world, agent)
    agent.setMessages(agent.messages.slice(0, 1))
    await run(agent)
    const after = await stored(world, agent)
    expect(after.slice(0, 2)).toEqual(before)
    expect(after.slice(2).map(({ parentMessageId, role }) => [role, parentMessageId])).toEqual([
      ["assistant", before[0]?.id],
    ])
    await run(agent.says("u2", "two"))
    expect((await stored(world, agent)).at(-2)?.parentMessageId).toBe(after[2]?.id)
  })

  it("with the older of two answers continues that one", async () => {
    const agent = new AgUiAgent(world.client).says("u1", "one")
    await run(agent)
    const shown = [...agent.messages]
    const [, first] = await stored(world, agent)
    agent.setMessages(agent.messages.slice(0, 1))
    await run(agent)
    agent.setMessages(shown)
    await run(agent.says("u2", "two"))
    expect((await stored(world, agent)).at(-2)?.parentMessageId).toBe(first?.id)
  })

  it("with an edited message never sends the old one again", async () => {
    const agent = new AgUiAgent(world.client).says("u1", "one")
    await run(agent)
    await run(agent.says("u2", "secret"))
    cutAt(agent, "u2")
    await run(agent.says("u2", "two"))
    expect(await sent()).toEqual(["one", "You said: one", "two"])
    await run(agent.says("u3", "three"))
    expect(await sent()).toEqual(["one", "You said: one", "two", "You said: two", "three"])
    cutAt(agent, "u1")
    await run(agent.says("u1", "uno"))
    expect(await sent()).toEqual(["uno"])
    const messages = await stored(world, agent)
    expect(messages.filter(({ parentMessageId }) => parentMessageId === null)).toHaveLength(2)
  })

  it("after a failed turn retries its question", async () => {
    const question = JSON.stringify({ scenario: "cut", after: "tool_call" })
    const agent = new AgUiAgent(world.client).says("u1", question)
    await agent.runAgent().catch(() => undefined)
    agent.setMessages(agent.messages.slice(0, 1))
    await agent.runAgent().catch(() => undefined)
    const messages = await stored(world, agent)
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "assistant"])
  })
})

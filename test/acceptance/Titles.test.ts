/** Titles by a direct provider: the runtime answers the turn, the provider names the session. */
import { describe, expect, it } from "vitest"
import { type Client, eventually } from "../support/chatClient.ts"
import { providerEnv } from "../support/modelServer.ts"
import { useWorld, type World } from "../support/world.ts"

const world: World = useWorld(() => ({
  CHAT_TITLES: "namer",
  DIRECT_LLM_PROVIDERS: "namer",
  ...providerEnv("namer", world.model.url),
  // Within a budget, a title reserves its tokens first.
  TOKEN_BUDGET_USER_PER_DAY: "100000",
}))

const start = async (client: Client, message: string) => {
  const stream = await client.start(message)
  expect((await stream.rest()).at(-1)?.event).toBe("done")
  return `/api/v1/chat/sessions/${stream.sessionId}`
}

describe("a title by a provider", () => {
  it("replaces the start of the first message, once, and no later one asks again", async () => {
    world.model.answers.push({ kind: "text", parts: ["**Paket", " unterwegs**"] })
    const path = await start(world.client, "Wo ist mein Paket?")
    const named = await eventually(async () => {
      const { data } = await world.client.json("GET", path)
      return data.titleSource === "model" && data
    })
    expect([named.title, named.messageCount, named.runCount]).toEqual(["Paket unterwegs", 2, 1])
    const [, , last] = named.messages
    expect(last).toBeUndefined()
    expect(world.model.asked).toHaveLength(1)
    expect(JSON.stringify(world.model.asked[0]!.body)).toContain("Wo ist mein Paket?")
    const stream = await world.client.stream("POST", path, { message: "And now?" })
    await stream.rest()
    expect(world.model.asked).toHaveLength(1)
  })

  it("never replaces the title of the user", async () => {
    let name = () => {}
    const until = new Promise<void>((resolve) => (name = resolve))
    world.model.answers.push({ kind: "text", parts: ["By the model"], until })
    const path = await start(world.client, "A question")
    await eventually(async () => world.model.asked.length === 1)
    await world.client.json("PATCH", path, { title: "Mine" })
    name()
    await eventually(async () => world.model.asked[0]!.closed)
    const other = await start(world.client, "Another question")
    await eventually(async () => (await world.client.json("GET", other)).data.titleSource === "model")
    expect((await world.client.json("GET", path)).data).toMatchObject({ title: "Mine", titleSource: "user" })
  })

  it("leaves the session as it was if it fails, and reveals nothing", async () => {
    world.model.answers.push({
      kind: "status",
      status: 401,
      body: JSON.stringify({ error: { message: "bad key sk-canary-0000", code: "invalid_api_key" } }),
    })
    const path = await start(world.client, "A question")
    await eventually(async () => world.model.asked[0]?.closed === true)
    const { data } = await world.client.json("GET", path)
    expect([data.title, data.titleSource, data.status]).toEqual(["A question", "message", "idle"])
    expect(world.gateway.output()).not.toContain("sk-canary-0000")
  })
})

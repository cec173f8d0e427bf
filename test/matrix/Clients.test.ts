/** Each real client against the same turns: its user must see the same answer, except for parts that its protocol cannot carry. */
import { describe, expect, it } from "vitest"
import { defaultAgent, textOf } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { startCutProxy } from "../clients/cutProxy.ts"
import { drivers } from "./Drivers.ts"
import { native } from "./NativeDriver.ts"
import type { Part } from "./Shown.ts"

const world = useWorld()
const alone = useWorld({}, { direct: false })

const play = (scenario: string, fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ scenario, ...fields })

describe.each(drivers.map((driver) => [driver.name, driver] as const))("%s", (_, driver) => {
  const open = ({ client, gateway }: typeof world) => driver.open({ url: gateway.url, token: client.token })
  const carries = (part: Part) => !driver.cannot.includes(part)

  it("shows text and thinking", async () => {
    const shown = await open(world).send(play("echo", { message: "bonjour" }))
    expect(shown).toMatchObject({ text: "You said: bonjour", error: undefined })
    expect(shown.thinking).toBe(carries("thinking") ? "Réflexion…" : "")
  })

  it("shows a plan with its steps, a tool, a skill, an MCP call that fails, and a file", async () => {
    const shown = await open(world).send(play("all"))
    const spoken = (
      await native.open({ url: world.gateway.url, token: world.client.token }).send(play("all"))
    ).text
    expect(shown.error).toBeUndefined()
    // A protocol without files names them in the text.
    expect(shown.text.startsWith(spoken)).toBe(true)
    const steps = ["Search", "Summarise", "Look up", "Write"]
    expect(new Set(shown.steps)).toEqual(new Set(carries("steps") ? steps : []))
    const calls = [
      { name: "search", failed: false },
      { name: "summarise", failed: false },
      { name: "lookup", failed: true },
    ]
    expect(shown.calls).toEqual(carries("calls") ? calls : [])
    expect(shown.files).toEqual(carries("files") ? ["report.csv"] : [])
    expect(shown.text.includes("report.csv")).toBe(!carries("files"))
  })

  it("shows the other mode's answer when the runtime fails before its answer", async () => {
    const shown = await open(world).send(play("error"))
    expect(shown).toMatchObject({ text: "direct answer", error: undefined })
  })

  it("shows only the other mode's answer when the runtime fails in the middle of its text", async () => {
    const shown = await open(world).send(play("error", { after_text: 3 }))
    const replaced = { text: "direct answer", failed: false }
    const { error, text } = shown
    const isReplaced = { text: carries("retract") ? text : "", failed: error !== undefined }
    expect(isReplaced).toEqual(carries("retract") ? replaced : { text: "", failed: true })
  })

  it("shows an error when the runtime fails after a call, and the call does not run again", async () => {
    const shown = await open(world).send(play("cut", { after: "tool_call" }))
    expect(shown.error).toBeDefined()
    expect((await world.log()).executions).toHaveLength(1)
    const asked = world.model.asked.filter(({ body }) => JSON.stringify(body).includes("tool_call"))
    expect(asked).toEqual([])
  })

  it("shows an error when the runtime fails and nothing else is configured", async () => {
    const shown = await open(alone).send(play("error"))
    expect(shown.text).toBe("")
    expect(shown.error).toBeDefined()
  })

  it("sends the earlier turns of the conversation, and continues after a failed one", async () => {
    const conversation = open(world)
    await conversation.send("the first question")
    await conversation.send(play("cut", { after: "tool_call" }))
    const third = await conversation.send("the third question")
    expect(third).toMatchObject({ text: "You said: the third question", error: undefined })
    const { body } = (await world.log()).executions.at(-1)!
    const sent: ReadonlyArray<{ readonly role: string; readonly content: string }> = body.history_messages
    expect(sent[0]).toEqual({ role: "user", content: "the first question" })
    expect(sent[1]).toEqual({ role: "assistant", content: "You said: the first question" })
    expect(sent.at(-1)?.content).toContain("the third question")
    expect(body.agent_id).toBe(defaultAgent)
  })

  it("cancels the run at the runtime", async () => {
    const begun = () => world.logged(({ executions }) => executions.length === 1)
    await open(world).cancel(play("hang", { after: "thinking" }), begun)
    const { executions } = await world.logged(({ executions: [only] }) => only?.ended !== null)
    expect(executions).toHaveLength(1)
    expect(world.model.asked).toEqual([])
  })
})

const resumes = ({ cannot }: (typeof drivers)[number]) => !cannot.includes("resume")
const named = (some: typeof drivers) => some.map((driver) => [driver.name, driver] as const)
const slow = play("slow", { count: 20, delay_ms: 25 })
const begun = () => world.logged(({ executions }) => executions.length === 1)

/** A conversation of which the first answer is cut in its text. */
const cutting = async (driver: (typeof drivers)[number]) => {
  const proxy = await startCutProxy(world.gateway.url, [/e 3 /])
  return { proxy, conversation: driver.open({ url: proxy.url, token: world.client.token }) }
}

/** The run of the caller's newest session. */
const newestRun = async (): Promise<string> => {
  const { data } = await world.client.json("GET", "/api/v1/chat/sessions")
  return (await world.messages(data.sessions[0].id)).at(-1).runId
}

describe.each(named(drivers.filter(resumes)))("%s, which can read a run again", (_, driver) => {
  it("shows the whole answer once after a cut", async () => {
    const { conversation, proxy } = await cutting(driver)
    await conversation.send(slow)
    const shown = await conversation.reopen()
    await proxy.stop()
    const text = Array.from(Array(20).keys(), (index) => `idée ${index} `).join("")
    expect(shown).toMatchObject({ text, error: undefined })
    expect(proxy.asked).toHaveLength(2)
    expect((await world.log()).executions).toHaveLength(1)
  })

  it("shows a running answer in two windows alike", async () => {
    const conversation = driver.open({ url: world.gateway.url, token: world.client.token })
    const sent = conversation.send(slow)
    await begun()
    const [first, second] = await Promise.all([sent, conversation.join()])
    expect(second).toEqual(first)
    expect(first.text).toContain("idée 19")
    expect((await world.log()).executions).toHaveLength(1)
  })
})

describe.each(named(drivers.filter((driver) => !resumes(driver))))("%s, which cannot", (_, driver) => {
  it("shows an error after a cut, and the run is cancelled", async () => {
    const { conversation, proxy } = await cutting(driver)
    const shown = await conversation.send(play("slow", { count: 10_000, delay_ms: 25 }))
    await proxy.stop()
    expect(shown.error).toBeDefined()
    const { executions } = await world.logged(({ executions: [only] }) => only?.ended !== null)
    expect(executions).toHaveLength(1)
    expect(world.model.asked).toEqual([])
    expect((await world.run(await newestRun())).status).toBe("cancelled")
  })

  it("shows an answer that a second reader reads over the API", async () => {
    const sent = driver.open({ url: world.gateway.url, token: world.client.token }).send(slow)
    await begun()
    const events = await world.client.events(await newestRun())
    const [shown, frames] = await Promise.all([sent, events.rest()])
    expect(shown.text).toContain("idée 19")
    expect(textOf(frames)).toBe(shown.text)
  })
})

/** Each real client against the same turns: its user must see the same answer, except for parts that its protocol cannot carry. */
import { describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { agUi } from "./AgUiDriver.ts"
import { aiSdk } from "./AiSdkDriver.ts"
import { clientPackage } from "./PackageDriver.ts"
import { native } from "./NativeDriver.ts"
import { openAi } from "./OpenAiDriver.ts"
import type { Part } from "./Shown.ts"

const world = useWorld()
const alone = useWorld({}, { direct: false })

const play = (scenario: string, fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ scenario, ...fields })

const drivers = [native, clientPackage, agUi, aiSdk, openAi]

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

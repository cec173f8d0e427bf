/** The client and the hook in Chromium, on a page of another origin than the gateway. */
import { describe, expect, it } from "vitest"
import { chromium, type Tab } from "../support/browser.ts"
import { defaultAgent, eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { afterEvent, startCutProxy, within } from "../clients/cutProxy.ts"
import { present } from "../clients/present.ts"
import { eventsOf, slow } from "../clients/readers.ts"
import { logged } from "./reading.ts"
import { shows, usePage } from "./pages.ts"

const page = usePage(`
import { createElement, StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { createClient } from "./src/client/Entry.ts"
import { useCrossfade } from "./src/client/React.ts"

globalThis.read = async (options, turn) => {
  const events = []
  for await (const event of createClient(options).start(turn)) events.push(event)
  return events
}

const Chat = (props) => {
  globalThis.chat = useCrossfade(props)
  return createElement("p", null, globalThis.chat.status)
}
globalThis.mount = (options, props) => {
  const client = createClient(options)
  const root = createRoot(document.getElementById("root"))
  root.render(createElement(StrictMode, null, createElement(Chat, { client, ...props })))
  globalThis.unmount = () => root.unmount()
}
globalThis.answer = () => globalThis.chat.conversation.messages.findLast(({ role }) => role === "assistant")
`)
const world = useWorld(() => ({ CORS_ALLOWED_ORIGINS: page.origin }))

const hanging = { scenario: "hang", after: "text" }
const json = JSON.stringify
const mount = (tab: Tab, props: object = {}) =>
  tab.value(
    `mount(${json({ baseUrl: world.gateway.url, token: world.client.token })}, ${json({ agentId: defaultAgent, ...props })})`,
  )
const send = (tab: Tab, message: unknown) => tab.value(`void chat.send(${json(json(message))})`)
const answerOf = async (tab: Tab) => JSON.parse(String(await tab.value("JSON.stringify(answer())")))

describe.skipIf(!present(chromium, "scripts/setup-tests"))("in Chromium", { timeout: 90_000 }, () => {
  it("the client reads a turn over two cuts, with every event once", () =>
    page.open(async (tab) => {
      // The preflights are not counted.
      const proxy = await startCutProxy(world.gateway.url, [within(4), afterEvent(7)])
      const turn = { agentId: defaultAgent, message: json(slow) }
      const options = { baseUrl: proxy.url, token: world.client.token }
      const events = JSON.parse(
        String(await tab.value(`read(${json(options)}, ${json(turn)}).then(JSON.stringify)`)),
      )
      const [{ runId }] = events
      expect(logged(events)).toEqual(await eventsOf(world, runId))
      expect(proxy.asked.map(({ lastEventId }) => lastEventId)).toEqual([
        undefined,
        `${runId}:3`,
        `${runId}:7`,
      ])
      expect((await world.log()).executions).toHaveLength(1)
      await proxy.stop()
    }))

  it("the hook sends two turns and shows their answers, in StrictMode", () =>
    page.open(async (tab) => {
      await mount(tab)
      await shows(tab, `globalThis.chat?.status === "idle"`)
      await send(tab, slow)
      await shows(tab, `chat.status === "streaming" && answer().parts.length > 0`)
      await shows(tab, `chat.status === "idle"`)
      await send(tab, { scenario: "all" })
      await shows(tab, `chat.status === "idle" && chat.conversation.messages.length === 4`)
      const answer = await answerOf(tab)
      expect(answer).toMatchObject({ status: "completed", executionMode: "runtime_orchestrator" })
      expect(new Set(answer.parts.map(({ type }: { type: string }) => type))).toContain("plan")
      expect((await world.log()).executions).toHaveLength(2)
      expect(tab.complaints).toEqual([])
    }))

  it("the hook continues a running turn after an unmount, which does not cancel it, and stops it on demand", () =>
    page.open(async (tab) => {
      await mount(tab)
      await shows(tab, `globalThis.chat?.status === "idle"`)
      await send(tab, hanging)
      await shows(tab, "answer()?.parts.length > 0")
      const before = await answerOf(tab)
      const { runId } = before
      const sessionId = await tab.value("chat.conversation.sessionId")
      await tab.value("unmount()")
      await mount(tab, { sessionId })
      await shows(tab, `chat.status === "streaming" && answer()?.parts.length > 0`)
      await shows(tab, `JSON.stringify(answer().parts) === ${json(json(before.parts))}`)
      expect((await world.run(runId)).status).toBe("running")
      await tab.value("chat.stop()")
      await shows(tab, `chat.status === "idle" && answer().status === "cancelled"`)
      await eventually(async () => (await world.run(runId)).status === "cancelled")
      expect((await world.log()).executions).toHaveLength(1)
      expect(tab.complaints).toEqual([])
    }))

  it("the hook shows a refusal as an error, and sends the message again on demand", () =>
    page.open(async (tab) => {
      await mount(tab, { agentId: "00000000-0000-4000-8000-00000000dead" })
      await shows(tab, `globalThis.chat?.status === "idle"`)
      await send(tab, "hello")
      await shows(tab, `chat.error?.code === "AGENT_NOT_FOUND" && chat.conversation.messages.at(-1).refused`)
      await tab.value("void chat.retry()")
      await shows(tab, `chat.status === "idle" && chat.conversation.messages.length === 1`)
    }))
})

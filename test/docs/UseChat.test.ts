/** The two files of the page about `useChat`, bundled as they are, in Chromium, on a page of another origin than the gateway. */
import { once } from "node:events"
import { symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium, inBrowser, type Tab } from "../support/browser.ts"
import { bundled } from "../support/bundle.ts"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { blocksOf } from "./page.ts"

let page = ""
let origin = ""
const pages = createServer((request, response) => {
  if (request.url === "/token") return void response.end(world.client.token)
  response.setHeader("content-type", "text/html").end(page)
})

beforeAll(async () => {
  await once(pages.listen(0, "127.0.0.1"), "listening")
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
})

const world = useWorld(() => ({ CORS_ALLOWED_ORIGINS: origin }))

beforeAll(async () => {
  const [chat = "", main = ""] = blocksOf("use-chat", "jsx")
  const folder = world.folder.path
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
  writeFileSync(join(folder, "Chat.jsx"), chat)
  writeFileSync(join(folder, "main.jsx"), main)
  const script = await bundled(join(folder, "main.jsx"), {
    "import.meta.env.VITE_CROSSFADE_URL": JSON.stringify(world.gateway.url),
  })
  page = `<!doctype html><meta charset="utf-8"><title>test</title><div id="root"></div><script type="module">${script}</script>`
}, 60_000)

afterAll(() => {
  pages.close()
  pages.closeAllConnections()
})

const shows = (tab: Tab, expression: string) =>
  eventually(async () => (await tab.value(expression)) === true, 30)
const isShown = (selector: string) => `document.querySelector(${JSON.stringify(selector)}) !== null`
const textOf = (selector: string) => `(document.querySelector(${JSON.stringify(selector)})?.innerText ?? "")`

const send = async (tab: Tab, message: string) => {
  await shows(tab, isShown("form button:enabled"))
  await tab.value(
    `document.querySelector("input").value = ${JSON.stringify(message)}; document.querySelector("form").requestSubmit()`,
  )
}

/** Lasts longer than the test. */
const endless = JSON.stringify({ scenario: "slow", count: 1000, delay_ms: 100 })

// Chromium takes seconds to start.
describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "the page about useChat, in a browser",
  { timeout: 120_000 },
  () => {
    it("answers, and shows a refusal as a sentence", () =>
      inBrowser(async (tab) => {
        await tab.open(origin)
        await send(tab, "Hello")
        await shows(tab, `${textOf("article.assistant")}.includes("You said: Hello")`)
        await send(tab, "x".repeat(100_001))
        await shows(tab, isShown("[role=alert]"))
        expect(await tab.value(textOf("[role=alert]"))).toMatch(/^[A-Z][^{]*$/)
        expect(await tab.value(isShown("#again"))).toBe(true)
      }))

    it("resumes after a reload, and cancels the run with its button", () =>
      inBrowser(async (tab) => {
        await tab.open(`${origin}/#chat-1`)
        await send(tab, endless)
        await shows(tab, `${textOf("article.assistant")}.includes("idée 2")`)
        await tab.value("window.isFirstVisit = true; location.reload()")
        await shows(
          tab,
          `window.isFirstVisit === undefined && ${textOf("article.assistant")}.startsWith("idée 0")`,
        )
        await tab.value(`document.querySelector("#stop").click()`)
        const { executions } = await world.logged((log) => log.cancels.length > 0)
        expect(executions).toHaveLength(1)
        await shows(tab, `!${isShown("#stop")}`)
        expect(await tab.value(textOf("article.assistant"))).toContain("idée 2")
      }))
  },
)

/** `useChat` in Chromium, on a page of another origin than the gateway. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromium, inBrowser } from "../support/browser.ts"
import { bundled } from "../support/bundle.ts"
import { useWorld } from "../support/world.ts"
import { present } from "./present.ts"
import { slow } from "./readers.ts"

let page = ""
let origin = ""
let reported: (text: string) => void = () => {}
const pages = createServer((request, response) => {
  if (request.method !== "POST") return void response.setHeader("content-type", "text/html").end(page)
  let text = ""
  request.setEncoding("utf8").on("data", (data: string) => (text += data))
  request.on("end", () => {
    response.end()
    reported(text)
  })
})

beforeAll(async () => {
  const script = await bundled(join(import.meta.dirname, "useChatPage.js"))
  page = `<!doctype html><meta charset="utf-8"><title>test</title><body><script type="module">${script}</script>`
  await once(pages.listen(0, "127.0.0.1"), "listening")
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
}, 60_000)

const world = useWorld(() => ({ CORS_ALLOWED_ORIGINS: origin }))

afterAll(() => {
  pages.close()
  pages.closeAllConnections()
})

// Chromium takes seconds to start.
describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "useChat in a browser",
  { timeout: 90_000 },
  () => {
    it("resumes a running answer after a reload and shows it once", async () => {
      const query = new URLSearchParams({
        api: `${world.gateway.url}/api/v1/ai-sdk/chat`,
        token: world.client.token,
        id: "browser-1",
        question: JSON.stringify({ ...slow, count: 30 }),
      })
      const report = new Promise<string>((resolve) => (reported = resolve))
      const seen = await inBrowser(async (tab) => {
        await tab.open(`${origin}/?${query}`)
        return JSON.parse(await report)
      })
      expect(seen).toEqual({
        text: Array.from({ length: 30 }, (_, index) => `idée ${index} `).join(""),
        // React may skip a short state.
        states: expect.arrayContaining(["streaming", "ready"]),
        count: 1,
      })
      const { executions } = await world.log()
      expect(executions).toHaveLength(1)
    })
  },
)

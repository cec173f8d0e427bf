/** `useChat` in Chromium, on a page of another origin than the gateway. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromium, inBrowser } from "../support/browser.ts"
import { bundled } from "../support/bundle.ts"
import { png } from "../support/uploads.ts"
import { useWorld } from "../support/world.ts"
import { present } from "./present.ts"
import { slow } from "./readers.ts"

const pagesOf = new Map<string, string>()
let origin = ""
let reported: (text: string) => void = () => {}
const pages = createServer((request, response) => {
  const page = pagesOf.get(new URL(request.url ?? "/", "http://page").pathname)
  if (request.method !== "POST") return void response.setHeader("content-type", "text/html").end(page)
  let text = ""
  request.setEncoding("utf8").on("data", (data: string) => (text += data))
  request.on("end", () => {
    response.end()
    reported(text)
  })
})

beforeAll(async () => {
  for (const [path, file] of [
    ["/", "useChatPage.js"],
    ["/reload", "useChatReloadPage.js"],
  ] as const) {
    const script = await bundled(join(import.meta.dirname, file))
    pagesOf.set(
      path,
      `<!doctype html><meta charset="utf-8"><title>test</title><body><script type="module">${script}</script>`,
    )
  }
  await once(pages.listen(0, "127.0.0.1"), "listening")
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
}, 60_000)

const world = useWorld(() => ({ CORS_ALLOWED_ORIGINS: origin, DIRECT_LLM_A_ATTACHMENTS: "image" }))

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

    it.each([
      { scenario: "all" },
      { scenario: "echo", message: "hello" },
      { scenario: "cut", after: "tool_call" },
    ])("shows the chat of $scenario again after a reload", async (scenario) => {
      const query = new URLSearchParams({
        api: `${world.gateway.url}/api/v1/ai-sdk/chat`,
        token: world.client.token,
        id: `reload-${scenario.scenario}`,
        question: JSON.stringify(scenario),
      })
      const report = new Promise<string>((resolve) => (reported = resolve))
      const { after, before, count } = await inBrowser(async (tab) => {
        await tab.open(`${origin}/reload?${query}`)
        return JSON.parse(await report)
      })
      expect(count).toBe(2)
      expect(after).toHaveLength(1)
      // The page had the error of a failed turn beside its messages, and reload has it in them.
      const parts = after[0].parts.filter(({ type }: { type: string }) => type !== "data-run-error")
      expect(parts).toEqual(before[0].parts)
      expect(after[0].id).toBe(before[0].id)
      expect(after[0].parts.length > parts.length).toBe(scenario.scenario === "cut")
    })

    it("sends an image of a file input and shows it again after a reload", async () => {
      const query = new URLSearchParams({
        api: `${world.gateway.url}/api/v1/ai-sdk/chat`,
        token: world.client.token,
        id: "image-1",
        question: "What is it?",
        image: `data:image/png;base64,${png.toString("base64")}`,
      })
      const report = new Promise<string>((resolve) => (reported = resolve))
      const { after, before, images } = await inBrowser(async (tab) => {
        await tab.open(`${origin}/reload?${query}`)
        return JSON.parse(await report)
      })
      expect(after).toEqual(before)
      const url = expect.stringMatching("^/api/v1/files/")
      expect(images).toEqual([{ type: "file", mediaType: "image/png", filename: "dot.png", url, width: 1 }])
      const prompt = world.model.asked.at(-1)?.body.messages.at(-1)
      expect(prompt.content[0].image_url.url).toBe(query.get("image"))
    })
  },
)

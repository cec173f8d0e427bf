/** Chromium opens `/docs` as a newcomer does. */
import { describe, expect, it } from "vitest"
import { chromium, inBrowser, type Tab } from "../support/browser.ts"
import { eventually } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { present } from "./present.ts"

const world = useWorld()

/** Scalar renders the part of the page that is in view. */
const open = async (tab: Tab, hash: string) => {
  await tab.open(`${world.gateway.url}/docs${hash}`)
  const title = "document.querySelector('h1')?.textContent?.trim() === 'Crossfade'"
  await eventually(() => tab.value(title), 30)
}

const shows = (tab: Tab, text: string) =>
  eventually(() => tab.value(`document.body.innerText.includes(${JSON.stringify(text)})`), 20)

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the docs page", { timeout: 90_000 }, () => {
  it("shows the description, asks for a bearer token, and contacts no other host", async () => {
    await inBrowser(async (tab) => {
      const requests: Array<string> = []
      tab.on("Network.requestWillBeSent", ({ request }) => requests.push(request.url))
      await tab.send("Network.enable")
      await open(tab, "")
      await shows(tab, "Start a session")
      await shows(tab, "Bearer Token")
      expect(await tab.value("document.body.innerText.includes('Username')")).toBe(false)
      expect(
        requests.filter((url) => !url.startsWith(world.gateway.url) && !url.startsWith("data:")),
      ).toEqual([])
      expect(requests.length).toBeGreaterThan(0)
      expect(tab.complaints).toEqual([])
    })
  })

  it("prepares a request without the optional parameters", async () => {
    await inBrowser(async (tab) => {
      await open(tab, "#tag/chat/POST/api/v1/chat/start")
      await shows(tab, "$CROSSFADE_URL/api/v1/chat/start")
      const samples = await tab.value(
        "[...document.querySelectorAll('pre')].map((pre) => pre.innerText).join()",
      )
      expect(samples).not.toContain("idempotency-key")
    })
  })

  it("has no wider page than a phone, follows the dark mode, and shows the keyboard's focus", async () => {
    await inBrowser(async (tab) => {
      const media = { features: [{ name: "prefers-color-scheme", value: "dark" }] }
      await tab.send("Emulation.setEmulatedMedia", media)
      const phone = { width: 390, height: 800, deviceScaleFactor: 1, mobile: true }
      await tab.send("Emulation.setDeviceMetricsOverride", phone)
      await open(tab, "")
      expect(await tab.value("document.documentElement.scrollWidth")).toBe(390)
      expect(await tab.value("document.body.classList.contains('dark-mode')")).toBe(true)
      const key = { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 }
      await tab.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key })
      expect(await tab.value("document.activeElement?.matches(':focus-visible')")).toBe(true)
    })
  })
})

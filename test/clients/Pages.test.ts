/** The gateway's pages in Chromium, as their users see them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromium, inBrowser, type Tab } from "../support/browser.ts"
import { eventually, tokenFor } from "../support/chatClient.ts"
import { png } from "../support/uploads.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { present } from "./present.ts"

const folder = temporaryFolder()
let gateway: Running
beforeAll(async () => {
  gateway = await startGateway({ DATA_DIR: folder.path })
})
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  folder.dispose()
})

const shows = (tab: Tab, expression: string, seconds = 20) =>
  eventually(async () => (await tab.value(expression)) === true, seconds)
const click = (tab: Tab, id: string) => tab.value(`document.getElementById("${id}").click()`)
const stored = (tab: Tab) => tab.value(`sessionStorage.getItem("token")`)

describe.skipIf(!present(chromium, "scripts/setup-tests"))("in Chromium", { timeout: 90_000 }, () => {
  it("the API reference works under its content security policy", () =>
    inBrowser(async (tab) => {
      await tab.open(`${gateway.url}/docs`)
      await shows(tab, `document.body.innerText.includes("/api/v1/chat/start")`)
      expect(tab.complaints).toEqual([])
    }))

  it("the console answers a message under its policy, and accepts a link's token after a confirmation", () =>
    inBrowser(async (tab) => {
      const token = await tokenFor("acme", "ana")
      await tab.open(`${gateway.url}/#token=${token}`)
      await shows(tab, `document.getElementById("offered")?.textContent.includes("“ana” of “acme”") ?? false`)
      expect(await tab.value("location.href")).toBe(`${gateway.url}/`)
      expect(await stored(tab)).not.toBe(token)
      await click(tab, "accept")
      expect(await stored(tab)).toBe(token)
      await shows(tab, `document.getElementById("offer").hidden && document.getElementById("access").hidden`)
      await tab.value(
        `document.getElementById("message").value = "Hello"; document.getElementById("ask").requestSubmit()`,
      )
      await shows(tab, `document.querySelector(".badge")?.textContent.includes("tokens") ?? false`)
      // Then sets a fault of the sandbox, which is of another origin.
      await shows(tab, `document.querySelector("#faults button[aria-pressed=true]")?.textContent === "none"`)
      expect(tab.complaints).toEqual([])
    }))

  it("the console shows its session again after a reload, with failed answers and the place of the failure", () =>
    inBrowser(async (tab) => {
      const token = await tokenFor("acme", "reloading")
      await tab.open(`${gateway.url}/#token=${token}`)
      await shows(tab, `!document.getElementById("offer").hidden`)
      await click(tab, "accept")
      const send = `document.getElementById("message").value = "Hello"; document.getElementById("ask").requestSubmit()`
      await tab.value(send)
      await shows(tab, `document.querySelectorAll(".badge").length === 1`)
      // Both upstreams fail in the second turn.
      const faults = (index: number, fault: string) =>
        `[...document.querySelectorAll("#faults [role=group]")[${index}].children].find((one) => one.textContent === "${fault}").click()`
      await shows(tab, `document.querySelectorAll("#faults [role=group]").length === 2`)
      for (const index of [0, 1]) {
        await tab.value(faults(index, "down"))
        await shows(
          tab,
          `document.querySelectorAll("#faults [role=group]")[${index}].querySelector("[aria-pressed=true]")?.textContent === "down"`,
        )
      }
      await tab.value(send)
      await shows(
        tab,
        `document.querySelector("[role=alert]") !== null && document.getElementById("status").textContent === "Failed"`,
      )
      const text = `[...document.querySelectorAll("#log article, #log .own")].map((one) => one.textContent).join("\\n")`
      const before = await tab.value(text)
      expect(String(before)).toContain("written by the sandbox runtime")
      await tab.open(gateway.url)
      await shows(tab, `document.querySelector("[role=alert]") !== null`)
      expect(await tab.value(text)).toBe(before)
      await click(tab, "fresh")
      await shows(tab, `document.getElementById("log").children.length === 0`)
      await tab.open(gateway.url)
      await shows(tab, `document.getElementById("access")?.hidden ?? false`)
      expect(await tab.value(`document.getElementById("log").children.length`)).toBe(0)
      for (const index of [0, 1]) await tab.value(faults(index, "none"))
    }))

  it("the console attaches dropped and pasted files, and shows them and the rating again after a reload", () =>
    inBrowser(async (tab) => {
      const token = await tokenFor("acme", "attaching")
      await tab.open(`${gateway.url}/#token=${token}`)
      await shows(tab, `!document.getElementById("offer").hidden`)
      await click(tab, "accept")
      const give = (event: string, name: string, type: string, bytes: Buffer) =>
        tab.value(`{
          const bytes = Uint8Array.from(atob("${bytes.toString("base64")}"), (c) => c.charCodeAt(0))
          const given = new DataTransfer()
          given.items.add(new File([bytes], "${name}", { type: "${type}" }))
          document.getElementById("message").dispatchEvent(${event})
        }`)
      const drop = `new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })`
      const paste = `new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true })`
      await give(drop, "red.png", "image/png", png)
      await give(paste, "notes.md", "text/markdown", Buffer.from("# notes"))
      await give(drop, "broken.png", "image/png", Buffer.from("no image"))
      const chips = `[...document.querySelectorAll("#attached .badge")].map((one) => one.textContent)`
      await shows(
        tab,
        `document.querySelectorAll("#attached .bad").length === 1 && !document.getElementById("attached").textContent.includes("uploading")`,
      )
      expect(await tab.value(chips)).toMatchObject([
        expect.stringContaining("red.png"),
        expect.stringContaining("notes.md"),
        expect.stringContaining("broken.png: "),
      ])
      // A file that failed keeps the message back.
      expect(await tab.value(`document.getElementById("send").disabled`)).toBe(true)
      await tab.value(`document.querySelector("#attached .bad button").click()`)
      await shows(tab, `!document.getElementById("send").disabled`)
      await tab.value(`document.getElementById("ask").requestSubmit()`)
      await shows(tab, `document.querySelectorAll(".badge").length === 1`)
      expect(await tab.value(`document.getElementById("attached").hidden`)).toBe(true)
      const own = `document.querySelector(".own").textContent`
      const image = `document.querySelector(".own img")?.naturalWidth === 1`
      await shows(tab, image)
      const before = await tab.value(own)
      expect(before).toContain("red.png")
      expect(before).toContain("notes.md")
      const pressed = `document.querySelector("[aria-label='Good answer']")?.ariaPressed === "true"`
      await tab.value(`document.querySelector("[aria-label='Good answer']").click()`)
      await shows(tab, pressed)
      expect(tab.complaints.filter((text) => !text.includes("422"))).toEqual([])
      await tab.open(gateway.url)
      await shows(tab, image)
      expect(await tab.value(own)).toBe(before)
      await shows(tab, pressed)
    }))

  it("the console keeps its token when another site links to it with one", () =>
    inBrowser(async (tab) => {
      const own = await tokenFor("acme", "ana")
      const other = await tokenFor("evil", "mallory")
      await tab.open(`${gateway.url}/#token=${own}`)
      await shows(tab, `!document.getElementById("offer").hidden`)
      await click(tab, "accept")
      for (const open of [
        () => tab.open(`${gateway.url}/#token=${other}`, "https://evil.example/"),
        () => tab.value(`location.hash = "token=${other}"`),
        () => tab.value(`location.hash = "x=1&token=%20${other}"`),
      ]) {
        await open()
        await shows(
          tab,
          `document.getElementById("offered").textContent.includes("mallory") && !document.getElementById("offer").hidden`,
        )
        expect(await tab.value("location.hash")).toBe("")
        expect(await stored(tab)).toBe(own)
        await click(tab, "ignore")
        expect(await tab.value(`document.getElementById("offer").hidden`)).toBe(true)
        expect(await stored(tab)).toBe(own)
      }
      await tab.value("history.back()")
      expect(await stored(tab)).toBe(own)
      expect(tab.complaints).toEqual([])
    }))
})

/** Files and questions of agents in the chat. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { startAskingAgent } from "../support/askingAgent.ts"
import { chromium } from "../support/browser.ts"
import { tokenFor } from "../support/chatClient.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { useGateway } from "../support/useGateway.ts"
import { png } from "../support/uploads.ts"
import { violationsOf } from "../support/pageChecks.ts"
import { answers, ended, field, questions, read } from "./chats.ts"

const questionsOfAgent = [
  { id: "i1", reason: "confirmation", message: "Delete /x?" },
  {
    id: "i2",
    reason: "tool_call",
    message: "Pay 42?",
    responseSchema: { type: "object", properties: { approved: { type: "boolean" } } },
  },
  { id: "i3", reason: "input", message: "Which city?" },
]

const folder = temporaryFolder()
const gateway = useGateway()
let asking: Running
let agent: Awaited<ReturnType<typeof startAskingAgent>>
beforeAll(async () => {
  agent = await startAskingAgent({ questions: questionsOfAgent, answer: "Deleted and paid." })
  asking = await startGateway({ DATA_DIR: folder.path, ...agent.env })
})
afterAll(async () => {
  await asking?.stop("SIGKILL")
  agent?.close()
  folder.dispose()
})

const events = {
  drop: `new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })`,
  paste: `new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })`,
}

/** Gives a file to the message field, as the browser does for a drop or a paste. */
const give = ({ page }: ConsolePage, how: "drop" | "paste", name: string, type: string, bytes: Buffer) =>
  page.evaluate(`{
    const bytes = Uint8Array.from(atob("${bytes.toString("base64")}"), (char) => char.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], "${name}", { type: "${type}" }))
    document.querySelector(".composer textarea").dispatchEvent(${events[how]})
  }`)

describe.skipIf(!present(chromium, "scripts/setup-tests"))("files of a message", { timeout: 90_000 }, () => {
  const browser = useBrowser()

  it("are dropped and pasted, and shown again after a reload; a broken one keeps the message back", async () => {
    const tab = await browser.open({ url: gateway.url, token: await tokenFor("acme", "attaching") })
    const files = tab.page.getByRole("list", { name: "Files of your message" })
    const sendButton = tab.page.getByRole("button", { name: "Send" })
    await field(tab.page).waitFor()
    await give(tab, "drop", "red.png", "image/png", png)
    await give(tab, "paste", "notes.md", "text/markdown", Buffer.from("# notes"))
    await give(tab, "drop", "broken.png", "image/png", Buffer.from("no image"))
    await files.getByText(/^broken\.png: /).waitFor()
    await expect.poll(() => files.getByText("(uploading)").count()).toBe(0)
    await field(tab.page).fill("Look")
    expect(await sendButton.isDisabled()).toBe(true)
    await files.getByRole("button", { name: "Remove broken.png" }).click()
    await sendButton.click()
    await ended(tab.page)
    expect(await files.count()).toBe(0)
    const image = questions(tab.page).getByRole("img", { name: "red.png" })
    const isDrawn = async () => (await read(image, "naturalWidth")) === 1
    await expect.poll(isDrawn).toBe(true)
    expect(await image.getAttribute("src")).toMatch(/^blob:/)
    const before = await questions(tab.page).innerText()
    expect(before).toContain("notes.md")
    await tab.page.reload()
    await expect.poll(isDrawn).toBe(true)
    expect(await questions(tab.page).innerText()).toBe(before)
    const [download] = await Promise.all([
      tab.page.waitForEvent("download"),
      tab.page.getByRole("button", { name: /notes\.md/ }).click(),
    ])
    expect(download.suggestedFilename()).toBe("notes.md")
    // The browser logs the refusal of the broken file.
    expect(tab.complaints.filter((text) => !text.includes("422"))).toEqual([])
    expect(tab.foreign).toEqual([])
    await tab.close()
  })

  it("are refused before their upload if the agent does not take their kind", async () => {
    const tab = await browser.open({ url: gateway.url, token: await tokenFor("acme", "kinds") })
    await tab.page.route("**/api/v1/agents?*", async (route) => {
      const response = await route.fetch()
      const body = await response.json()
      const attachments = { runtime_orchestrator: ["text"], direct_llm: ["text"] }
      await route.fulfill({
        response,
        json: { ...body, data: body.data.map((agent: object) => ({ ...agent, attachments })) },
      })
    })
    await tab.page.reload()
    await tab.page.locator(".conversation-head").getByText("Assistant").waitFor()
    await give(tab, "paste", "red.png", "image/png", png)
    await tab.page.getByText("red.png: this agent takes no files of the kind image, only text").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("are chosen by the button, ten at most", async () => {
    const tab = await browser.open({ url: gateway.url, token: await tokenFor("acme", "many") })
    const [chooser] = await Promise.all([
      tab.page.waitForEvent("filechooser"),
      tab.page.getByRole("button", { name: "Attach files" }).click(),
    ])
    const file = (index: number) => ({
      name: `${index}.txt`,
      mimeType: "text/plain",
      buffer: Buffer.from(`file ${index}`),
    })
    await chooser.setFiles(Array.from({ length: 11 }, (_, index) => file(index)))
    await tab.page.getByText("A message has at most 10 files.").waitFor()
    const files = tab.page.getByRole("list", { name: "Files of your message" })
    expect(await files.getByRole("listitem").count()).toBe(10)
    expectClean(tab)
    await tab.close()
  })
})

describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "questions of an agent",
  { timeout: 90_000 },
  () => {
    const browser = useBrowser()

    it("are approved, denied and answered in words, and the run continues once all have an answer", async () => {
      const tab = await browser.open({ url: asking.url, token: await tokenFor("acme", "asked") })
      await field(tab.page).fill("Clean up")
      await field(tab.page).press("Enter")
      const place = tab.page.getByRole("group", { name: "The agent asks" })
      await place.first().waitFor()
      expect(await place.count()).toBe(3)
      expect(await violationsOf(tab.page)).toEqual([])
      await place.filter({ hasText: "Delete /x?" }).getByRole("button", { name: "Approve" }).click()
      await place
        .filter({ hasText: "Delete /x?" })
        .getByText(/^Answered/)
        .waitFor()
      await place.filter({ hasText: "Pay 42?" }).getByRole("button", { name: "Deny" }).click()
      const city = place.filter({ hasText: "Which city?" }).getByRole("textbox")
      await city.fill("Besançon")
      await city.press("Enter")
      await answers(tab.page).nth(1).getByText("Deleted and paid.").first().waitFor()
      expect(agent.asked.at(-1)?.resume?.map(({ payload }) => payload)).toEqual([
        true,
        { approved: false },
        "Besançon",
      ])
      expect(await place.count()).toBe(0)
      expectClean(tab)
      await tab.close()
    })
  },
)

/** The list of conversations: search, titles, pins, the archive, deletion, pages. */
import { describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { Client, eventually, tokenFor } from "../support/chatClient.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { useGateway } from "../support/useGateway.ts"
import { ended, hasFocus, questions } from "./chats.ts"

const gateway = useGateway({ DELETE_GRACE_DAYS: "1" })

const titles = (tab: ConsolePage) => tab.page.locator(".session .title").allTextContents()

const act = async (tab: ConsolePage, title: string, action: string): Promise<void> => {
  await tab.page.getByRole("button", { name: `Actions for ${title}` }).click()
  await tab.page.getByRole("button", { name: action, exact: true }).click()
}

const confirm = (tab: ConsolePage): Promise<void> =>
  tab.page.getByRole("dialog", { name: "Delete “One”?" }).getByRole("button", { name: "Delete" }).click()

describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "the list of conversations",
  { timeout: 90_000 },
  () => {
    const browser = useBrowser()
    /** A page of a user with conversations of these first messages, the last one newest. */
    const withSessions = async (user: string, messages: ReadonlyArray<string>) => {
      const client = new Client(gateway.url, await tokenFor("acme", user))
      for (const message of messages) {
        const stream = await client.start(`/plain ${message}`)
        await client.json("PATCH", `/api/v1/chat/sessions/${stream.sessionId}`, { title: message })
        // The list does not wait for the answers.
        await client.json("POST", `/api/v1/chat/sessions/${stream.sessionId}/cancel`)
        stream.leave()
      }
      return { client, tab: await browser.open({ url: gateway.url, token: client.token }) }
    }

    it("renames, pins and archives a conversation", async () => {
      const { tab } = await withSessions("organising", ["One", "Two", "Three"])
      await expect.poll(() => titles(tab)).toEqual(["Three", "Two", "One"])
      await act(tab, "Two", "Rename")
      const title = tab.page.getByRole("textbox", { name: "Title" })
      await expect.poll(() => hasFocus(title)).toBe(true)
      await title.fill("Deux")
      await title.press("Enter")
      await expect.poll(() => titles(tab)).toEqual(["Three", "Deux", "One"])
      await act(tab, "One", "Pin")
      await expect.poll(() => titles(tab)).toEqual(["One", "Three", "Deux"])
      await tab.page.getByRole("region", { name: "Pinned" }).getByText("One").waitFor()
      await act(tab, "Three", "Archive")
      await expect.poll(() => titles(tab)).toEqual(["One", "Deux"])
      await tab.page.getByRole("button", { name: "Archived (1)" }).click()
      await expect.poll(() => titles(tab)).toEqual(["Three"])
      await act(tab, "Three", "Move back")
      await tab.page.getByText("No archived conversations.").waitFor()
      expectClean(tab)
      await tab.close()
    })

    it("deletes a conversation, and takes the deletion back", async () => {
      const { tab } = await withSessions("deleting", ["One", "Two"])
      await expect.poll(() => titles(tab)).toEqual(["Two", "One"])
      await act(tab, "One", "Delete")
      await confirm(tab)
      await expect.poll(() => titles(tab)).toEqual(["Two"])
      const undo = tab.page.getByRole("button", { name: "Undo" })
      await tab.page.getByText("Deleted: One").waitFor()
      await expect.poll(() => tab.page.evaluate("document.activeElement.outerHTML")).toContain("Undo")
      await undo.press("Enter")
      await expect.poll(() => titles(tab)).toEqual(["Two", "One"])
      expect(await undo.count()).toBe(0)
      expectClean(tab)
      await tab.close()
    })

    it("begins a new conversation after the shown one was deleted", async () => {
      const { tab } = await withSessions("leaving", ["One"])
      await tab.page.getByRole("link", { name: /One/ }).click()
      await questions(tab.page).getByText("/plain One").waitFor()
      await act(tab, "One", "Delete")
      await confirm(tab)
      await tab.page.getByRole("heading", { name: "Ask something" }).waitFor()
      expect(tab.page.url()).toBe(`${gateway.url}/#/chat`)
      expectClean(tab)
      await tab.close()
    })

    it("finds messages by their words, marks the words, and shows the found message", async () => {
      const { client, tab } = await withSessions("searching", ["The blue elephant", "A red fox"])
      await eventually(
        async () =>
          (await client.json("GET", "/api/v1/chat/search?q=elephant")).data.results[0]?.messages.length > 0,
      )
      const search = tab.page.getByRole("searchbox", { name: "Search conversations" })
      await search.fill("elephant")
      await tab.page.getByText("1 found").waitFor()
      expect(await tab.page.locator("mark").allTextContents()).toContain("elephant")
      await tab.page.locator(".snippet").first().click()
      await tab.page
        .locator(".sought")
        .getByText(/The blue elephant/)
        .waitFor()
      await search.fill("zzz")
      await tab.page.getByText(/^Nothing found/).waitFor()
      await search.fill("!")
      await tab.page
        .getByRole("alert")
        .getByText(/VALIDATION_FAILED/)
        .waitFor()
      expect(tab.foreign).toEqual([])
      await tab.close()
    })

    it("reads further pages as the user scrolls", async () => {
      const names = Array.from({ length: 33 }, (_, index) => `Number ${index + 1}`)
      const { tab } = await withSessions("scrolling", names)
      await expect.poll(() => titles(tab)).toHaveLength(30)
      await tab.page.getByRole("button", { name: "Actions for Number 4" }).scrollIntoViewIfNeeded()
      await expect.poll(() => titles(tab), { timeout: 20_000 }).toHaveLength(33)
      await tab.page.getByRole("link", { name: /Number 1\b/ }).waitFor()
      expectClean(tab)
      await tab.close()
    })

    it("offers the agents of the organisation for a new conversation", async () => {
      const client = new Client(gateway.url, await tokenFor("agency", "ana"))
      await client.json("POST", "/api/v1/agents", { name: "Second agent" })
      const tab = await browser.open({ url: gateway.url, token: client.token })
      const choice = tab.page.getByRole("combobox", { name: "Agent" })
      await choice.selectOption("Second agent")
      const field = tab.page.getByRole("textbox", { name: "Your message" })
      await field.fill("Hello")
      await field.press("Enter")
      await ended(tab.page)
      const { sessions } = (await client.json("GET", "/api/v1/chat/sessions")).data
      const agents = (await client.json("GET", "/api/v1/agents")).data
      expect(agents.find(({ id }: { readonly id: string }) => id === sessions[0].agentId).settings.name).toBe(
        "Second agent",
      )
      await tab.page.locator(".conversation-head").getByText("Second agent").waitFor()
      expectClean(tab)
      await tab.close()
    })
  },
)

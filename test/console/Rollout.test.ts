/** The rollout settings in the console: a change with its diff, conflicts, refusals, and the parts that decide first. */
import { beforeAll, describe, expect, it } from "vitest"
import type { Page } from "playwright-core"
import { Client, operatorToken } from "../support/chatClient.ts"
import { chromium } from "../support/browser.ts"
import { present } from "../clients/present.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { useGateway } from "../support/useGateway.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"

const path = "/api/v1/runtime/rollout"
const hash = "#/crossfade/rollout"
const gateway = useGateway({ CHAT_EXECUTION_MODE: "direct_llm" })
let operator: Client
beforeAll(async () => {
  operator = new Client(gateway.url, await operatorToken())
})

const settings = async () => (await operator.json("GET", path)).data
const edit = (page: Page) => page.getByRole("button", { name: "Edit" }).click()
const review = (page: Page) => page.getByRole("button", { name: "Review the change" }).click()
const dialog = (page: Page) => page.getByRole("dialog", { name: "Change the rollout settings?" })

/** Presses Tab until the element with this name has the focus. */
const tabTo = async (page: Page, name: string): Promise<void> => {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab")
    const focused = await page.evaluate(`(() => {
      const element = document.activeElement
      return (element.labels?.[0] ?? element).textContent.trim()
    })()`)
    if (focused === name) return
  }
  throw new Error(`no focus on ${name}`)
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "the rollout settings",
  { timeout: 120_000 },
  () => {
    const browser = useBrowser()

    it("change by keyboard alone, after a diff, with a reason in the audit", async () => {
      await operator.json("PUT", path, { percentage: 5, enabledOrgs: ["acme", "umbrella"] })
      const { page, ...tab } = await browser.open({ url: gateway.url, hash, token: operator.token })
      await page.getByRole("row", { name: /Percentage on the runtime 5% operator olga/ }).waitFor()
      await tabTo(page, "Edit")
      await page.keyboard.press("Enter")
      await tabTo(page, "Percentage on the runtime")
      await page.keyboard.press("Control+A")
      await page.keyboard.type("10")
      await tabTo(page, "Organisations on the runtime")
      await page.keyboard.press("Control+A")
      await page.keyboard.type("umbrella")
      await tabTo(page, "Review the change")
      await page.keyboard.press("Enter")
      await dialog(page).waitFor()
      expect(await dialog(page).getByRole("listitem").allTextContents()).toEqual([
        "Percentage on the runtime: 5% → 10%",
        "Organisations on the runtime: acme leaves the list",
      ])
      await tabTo(page, "Reason")
      await page.keyboard.type("Second step")
      await tabTo(page, "Save the change")
      await page.keyboard.press("Enter")
      await page.getByText("Saved. The settings apply from the next turn on.").waitFor()
      expect(await settings()).toMatchObject({ percentage: 10, enabledOrgs: ["umbrella"] })
      await page.goto(`${gateway.url}/#/crossfade/audit`)
      const row = page.getByRole("row", { name: /rollout\.change/ }).first()
      await row.getByText("Second step").waitFor()
      expect(await row.textContent()).toContain("percentage: 5 → 10")
      expect(await violationsOf(page)).toEqual([])
      expectClean({ page, ...tab })
      await tab.close()
    })

    it("show the change of another operator that came first, and redo the own one on top", async () => {
      await operator.json("PUT", path, { percentage: 10, shadowPercentage: 0 })
      const tab = await browser.open({ url: gateway.url, hash, token: operator.token })
      const { page } = tab
      await edit(page)
      await page.getByLabel("Percentage on the runtime", { exact: true }).fill("20")
      const second = new Client(gateway.url, await operatorToken(["operator:*"], "ops", "otto"))
      await second.json("PUT", path, { percentage: 7, shadowPercentage: 3 })
      await review(page)
      await dialog(page).getByRole("button", { name: "Save the change" }).click()
      const conflict = page.getByRole("region", { name: "The settings have changed meanwhile" })
      await conflict.getByText("otto saved another change. Nothing of yours is saved yet.").waitFor()
      expect(await conflict.getByRole("listitem").allTextContents()).toEqual([
        "Percentage on the runtime: 10% → 7%",
        "Shadow percentage: 0% → 3%",
      ])
      await conflict.getByText("You both changed: Percentage on the runtime.").waitFor()
      expect(await settings()).toMatchObject({ percentage: 7 })
      await conflict.getByRole("button", { name: "Put my change on top" }).click()
      await review(page)
      await expect
        .poll(() => dialog(page).getByRole("listitem").allTextContents())
        .toEqual(["Percentage on the runtime: 7% → 20%"])
      await dialog(page).getByRole("button", { name: "Save the change" }).click()
      await page.getByText("Saved. The settings apply from the next turn on.").waitFor()
      expect(await settings()).toMatchObject({ percentage: 20, shadowPercentage: 3 })
      // The browser logs the refused request itself.
      expect(tab.complaints.filter((text) => !text.includes("412"))).toEqual([])
      expect(tab.foreign).toEqual([])
      await tab.close()
    })

    it("name each wrong input at its field, and send nothing", async () => {
      const before = await settings()
      const tab = await browser.open({ url: gateway.url, hash, token: operator.token })
      const { page } = tab
      await edit(page)
      await page.getByLabel("Percentage on the runtime", { exact: true }).fill("101")
      await page.getByRole("button", { name: "Add a rule" }).click()
      await page.getByRole("textbox", { name: "Header" }).fill("authorization")
      await review(page)
      const problemOf = async (name: string) => {
        const id = await page.getByRole("textbox", { name }).getAttribute("aria-describedby")
        return page.locator(`[id="${id?.split(" ")[0]}"]`).textContent()
      }
      expect(await problemOf("Percentage on the runtime")).toBe("Enter a number from 0 to 100.")
      expect(await problemOf("Header")).toBe("The name must begin with x-, as in x-team.")
      expect(await problemOf("Name")).toBe("Enter 1 to 100 characters.")
      expect(await violationsOf(page)).toEqual([])
      expect(await settings()).toEqual(before)
      expectClean(tab)
      await tab.close()
    })

    it("return a field to the environment", async () => {
      await operator.json("PUT", path, { percentage: 20 })
      const tab = await browser.open({ url: gateway.url, hash, token: operator.token })
      const { page } = tab
      await edit(page)
      await page.getByRole("button", { name: "Return to the environment: Percentage on the runtime" }).click()
      await review(page)
      await dialog(page).getByText("returns to the environment or the default").waitFor()
      await dialog(page).getByRole("button", { name: "Save the change" }).click()
      await page.getByText("Saved. The settings apply from the next turn on.").waitFor()
      expect((await settings()).sources.percentage).toEqual({ from: "default" })
      expectClean(tab)
      await tab.close()
    })

    it("say that an override decides, and cannot be changed with operator:read alone", async () => {
      await operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "direct_llm", reason: "INC-7" })
      const token = await operatorToken(["operator:read"])
      const tab = await browser.open({ url: gateway.url, hash, token, viewport: { width: 360, height: 700 } })
      const { page } = tab
      await page.getByText(/all turns use direct_llm \(INC-7\)\. These settings have no effect/).waitFor()
      await page.getByText("A change needs the permission operator:write.").waitFor()
      expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0)
      await expectNoOverflow(page)
      await operator.json("POST", "/api/v1/runtime/fallback/force", { mode: "none", reason: "over" })
      await page.getByText(/all turns use direct_llm/).waitFor({ state: "detached" })
      expectClean(tab)
      await tab.close()
    })
  },
)

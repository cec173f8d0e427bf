/** Shadow runs in the console: agreement, its course, and two answers side by side. */
import { describe, expect, it } from "vitest"
import { chromium } from "../support/browser.ts"
import { present } from "../clients/present.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { shadowed, turn } from "../support/shadowing.ts"
import { useWorld } from "../support/world.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"

const world = useWorld({ ...shadowed, CHAT_EXECUTION_MODE: "direct_llm", SHADOW_STORE_TEXT: "true" })
const hash = "#/crossfade/shadow"

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the shadow tab", { timeout: 120_000 }, () => {
  const browser = useBrowser()

  it("has no pairs at first, and says how to get some", async () => {
    const tab = await browser.open({ url: world.gateway.url, hash, token: world.operator.token })
    await tab.page.getByText("No pairs in this period.").waitFor()
    await tab.page.getByText("No pair of two modes differs in any dimension.").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("shows the agreement, its course, and a mismatch with marked words and a link to its run", async () => {
    const { runId } = await turn(world, "hello there")
    const tab = await browser.open({ url: world.gateway.url, hash, token: world.operator.token })
    const { page } = tab
    await page.getByRole("row", { name: /^Text/ }).getByText("too few pairs").first().waitFor()
    await page.getByRole("img", { name: "Agreement in Text over time" }).waitFor()
    await page.getByText("As a table").click()
    await page.getByRole("cell", { name: "0% (0/1)" }).waitFor()
    await page.getByRole("listitem").filter({ hasText: "acme" }).locator("summary").click()
    const mine = page.getByRole("region", { name: "The user's answer (direct_llm)" })
    const other = page.getByRole("region", { name: "Shadow (runtime_orchestrator)" })
    await mine.locator("mark").waitFor()
    expect(await mine.locator("mark").allTextContents()).toEqual(["direct answer"])
    expect(await other.locator("mark").allTextContents()).toEqual(["You said: hello there"])
    const link = page.getByRole("link", { name: "Open the user's run" })
    expect(await link.getAttribute("href")).toBe(`#/runs/${runId}`)
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole("textbox", { name: "Organisation" }).fill("umbrella")
    await page.getByRole("button", { name: "Show", exact: true }).click()
    await page.getByText("No pairs in this period.").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("fits 360 px in Chinese and in dark colours", async () => {
    const options = { viewport: { width: 360, height: 700 }, locale: "zh-CN", colorScheme: "dark" as const }
    const tab = await browser.open({ url: world.gateway.url, hash, token: world.operator.token, ...options })
    await tab.page.getByRole("row", { name: /^文本/ }).first().waitFor()
    await expectNoOverflow(tab.page)
    expect(await violationsOf(tab.page)).toEqual([])
    expectClean(tab)
    await tab.close()
  })
})

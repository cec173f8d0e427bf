/** The chain and the parts of an answer in Chromium: every type, failures at their place, hostile values. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ChatEvent } from "../../src/client/Contract.ts"
import type { Message } from "../../src/protocol/agent2ui/Message.ts"
import { Links } from "../../src/chat/ExecutionChain.ts"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { type ConsolePage, expectClean, type OpenOptions, useBrowser } from "../support/consolePage.ts"
import { type PartsPage, startPartsPage } from "../support/partsPage.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"
import { crossfaded, everyTypeRun, failedChain, hostile, longRun } from "./everyType.ts"

/** The steps and calls in the account of the run. */
const accountOf = (events: ReadonlyArray<ChatEvent>) => {
  const links = new Links()
  for (const event of events) if (event.event === "message") links.add(event.data as Message)
  links.end({})
  return links.slice(0, links.count)
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))("an answer", { timeout: 120_000 }, () => {
  const browser = useBrowser()
  let site: PartsPage
  beforeAll(async () => {
    site = await startPartsPage()
  }, 120_000)
  afterAll(() => site?.close())

  const add = ({ page }: ConsolePage, events: ReadonlyArray<ChatEvent>) =>
    // As text, because the driver copies deep values slowly.
    page.evaluate((sent) => Reflect.get(globalThis, "show")(JSON.parse(sent)), JSON.stringify(events))
  const show = async (events: ReadonlyArray<ChatEvent>, options: Partial<OpenOptions> = {}) => {
    const tab = await browser.open({ url: site.url, ...options })
    await tab.page.waitForFunction("typeof show === 'function'")
    await add(tab, events)
    return tab
  }

  it("shows every step and call of the account, and the error at its place", async () => {
    const tab = await show(failedChain)
    const chain = tab.page.getByRole("group", { name: "Execution chain" })
    await chain.getByText("2 plans · 5 steps · 3 calls · 2 errors").waitFor()
    for (const { name } of accountOf(failedChain))
      expect([name, await chain.getByText(name, { exact: true }).count()]).toEqual([name, 1])
    const second = chain.getByRole("group", { name: "Plan 2" })
    const step = second.locator(".step-item", { hasText: "Look up the record" })
    const error = step.locator(".call-item").getByRole("group", { name: "The run failed" })
    expect(await error.innerText()).toMatch(
      /UPSTREAM_TIMEOUT\s+Status 504\s+The runtime did not answer in time/,
    )
    await error.getByText("0af7651916cd43dd8448eb211c80319c").waitFor()
    await error.getByText("Details").click()
    await error.getByText("60000").waitFor()
    await chain.getByRole("group", { name: "Plan 1" }).getByText("The tool failed.").waitFor()
    expect(await chain.getByText("running", { exact: true }).count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("opens arguments and results by the keyboard, and nests the text of a sub-agent", async () => {
    const tab = await show(failedChain)
    const call = tab.page.locator(".call-item", { hasText: "subagent:sub-1" })
    await call.getByText("I am the sub-agent.").waitFor()
    expect(await call.getByRole("group", { name: "Result" }).count()).toBe(0)
    await call.locator("summary").first().focus()
    await tab.page.keyboard.press("Enter")
    await call.getByRole("group", { name: "Result" }).getByText("yes").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("draws every type, and loads nothing from another host", async () => {
    const tab = await show(everyTypeRun)
    const { page } = tab
    await page.locator(".u-wrap").waitFor()
    for (const text of [
      "Plain words.",
      "Inside the report.",
      "red done",
      "warning!",
      "Exit code 3",
      "64 MB of memory",
      "report.csv",
      "1 / 4 · 25% · not finished",
      "Your next message answers it.",
      "A part of the type “hologram”",
    ])
      await page.getByText(text).first().waitFor()
    await page.getByRole("img", { name: "A red square" }).waitFor()
    await page.getByRole("img", { name: "Shares" }).waitFor()
    await page.getByRole("link", { name: "https://evil.example/pixel.png" }).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("sorts a table by its columns, by the type of each", async () => {
    const tab = await show(everyTypeRun)
    const table = tab.page.getByRole("group", { name: "Table" }).first()
    const first = () => table.locator("tbody tr").first().locator("td").first().innerText()
    await table.getByRole("button", { name: "People" }).click()
    expect(await first()).toBe("Bern")
    await table.getByRole("button", { name: "People" }).click()
    expect(await first()).toBe("東京")
    expect(await table.getByRole("columnheader", { name: "People" }).getAttribute("aria-sort")).toBe(
      "descending",
    )
    expectClean(tab)
    await tab.close()
  })

  it("marks a fallback and the steps that did not finish", async () => {
    const tab = await show(crossfaded)
    const chain = tab.page.getByRole("group", { name: "Execution chain" })
    await chain.getByText("The runtime failed: UPSTREAM_TRUNCATED. Direct mode continues.").waitFor()
    await chain.getByText("not finished").waitFor()
    await chain.getByText("not started").waitFor()
    await tab.page.getByText("The right answer.").waitFor()
    expect(await tab.page.getByText("Wrong words.").count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("shows hostile values as text", async () => {
    const tab = await show(hostile)
    const { page } = tab
    await page.getByText("<U+202E>gpj.exe").first().waitFor()
    await page.getByText("<u>t</u>").waitFor()
    expect(await page.locator("main script, main iframe, main b, main i, main u").count()).toBe(0)
    const call = page.locator(".call-item").first()
    await call.locator("summary").first().click()
    await call.getByRole("button", { name: "Show all 1,000,000 characters" }).waitFor()
    expect((await call.innerText()).length).toBeLessThan(2000)
    expect(await page.getByText("This address cannot be opened.").count()).toBe(5)
    await page.getByRole("figure", { name: "<U+202E>ts" }).waitFor()
    await page.getByRole("button", { name: "Inherited" }).click()
    expect(await page.getByText("This part could not be shown.").count()).toBe(0)
    expect(await page.getByText("The chart has no data that can be drawn.").count()).toBe(3)
    expectClean(tab)
    await tab.close()
  })

  it.each([
    ["light", 1100, "en-GB"],
    ["dark", 360, "zh-CN"],
  ] as const)("has no fault of accessibility: %s, %i px", async (colorScheme, width, locale) => {
    for (const events of [everyTypeRun, failedChain, crossfaded]) {
      const tab = await show(events, { colorScheme, locale, viewport: { width, height: 800 } })
      if (events === everyTypeRun) await tab.page.locator(".u-wrap").waitFor()
      for (const summary of await tab.page.locator("summary").all()) await summary.click()
      expect(await violationsOf(tab.page)).toEqual([])
      await expectNoOverflow(tab.page)
      expectClean(tab)
      await tab.close()
    }
  })

  it("lays out only the near part of 5 000 events, and finds the others", async () => {
    const run = longRun(5000)
    const tab = await show(run.slice(0, 4900))
    const { page } = tab
    const calls = page.locator(".call-item")
    await expect.poll(() => calls.count()).toBe(1225)
    const laidOut = () =>
      page.evaluate(`[...document.querySelectorAll(".call-item")]
        .filter((item) => item.checkVisibility({ contentVisibilityAuto: true })).length`)
    await expect.poll(laidOut).toBeLessThan(100)
    const first = await calls.first().elementHandle()
    for (const event of run.slice(4900)) await add(tab, [event])
    await expect.poll(() => calls.count()).toBe(1250)
    expect(await first?.evaluate((element) => Reflect.get(element, "isConnected"))).toBe(true)
    expect(await page.evaluate("find('Step 1249')")).toBe(true)
    await expect.poll(() => page.evaluate("scrollY")).toBeGreaterThan(10_000)
    await calls.last().locator("summary").first().focus()
    await page.keyboard.press("Enter")
    await calls.last().getByRole("group", { name: "Result" }).waitFor()
    expect(await laidOut()).toBeLessThan(100)
    expectClean(tab)
    await tab.close()
  })

  it("keeps no memory of runs that are no longer shown", async () => {
    const tab = await show(everyTypeRun)
    const { page } = tab
    const session = await page.context().newCDPSession(page)
    const heap = async () => {
      await session.send("HeapProfiler.collectGarbage")
      return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6
    }
    const runs = async (count: number) => {
      for (let index = 0; index < count; index++) {
        await page.evaluate("clear()")
        await add(tab, everyTypeRun)
      }
      await page.locator(".u-wrap").waitFor()
      return heap()
    }
    const before = await runs(10)
    const after = await runs(100)
    console.log(`heap: ${before.toFixed(1)} MB after 10 runs, ${after.toFixed(1)} MB after 110`)
    expect(after - before).toBeLessThan(3)
    expectClean(tab)
    await tab.close()
  })
})

/** The execution chain in the chat, from the Python runtime through the gateway to the page. */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Locator, Page } from "playwright-core"
import { describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { operatorToken, tokenFor } from "../support/chatClient.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { useWorld } from "../support/world.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"
import { answers, ended, send, sessionIdOf } from "./chats.ts"

const twoPlans = (fields: object): string =>
  JSON.stringify({ scenario: "two-plans", code: "MCP_UNREACHABLE", httpStatus: 502, ...fields })

const chainOf = (answer: Locator): Locator => answer.getByRole("group", { name: "Execution chain" })

/** The visible text of the chain, once it shows the text. */
const chainText = async (page: Page, wanted: string): Promise<string> => {
  const chain = chainOf(answers(page).last())
  await chain.getByText(wanted, { exact: true }).waitFor()
  return chain.innerText()
}

/** The names and states of steps and calls, in the order of the page. */
const shownIn = (chain: Locator): Promise<ReadonlyArray<string>> =>
  chain.evaluate((element) => {
    const all = (from: unknown, selector: string): ReadonlyArray<unknown> =>
      Array.from(Reflect.apply(Reflect.get(Object(from), "querySelectorAll"), from, [selector]))
    const text = (from: unknown, selector: string) =>
      String(Reflect.get(Object(all(from, selector)[0]), "textContent"))
    return all(element, ".step, .call").map((node) => `${text(node, ".chain-name")} ${text(node, ".state")}`)
  })

interface Link {
  readonly kind: string
  readonly name: string
  readonly status: string
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "the chain in the chat",
  { timeout: 90_000 },
  () => {
    const world = useWorld({ RATE_LIMIT_USER_PER_MIN: "1000" })
    const browser = useBrowser()
    const signedIn = async (user: string, options: object = {}): Promise<ConsolePage> =>
      browser.open({
        url: world.gateway.url,
        token: await tokenFor("acme", user),
        viewport: { width: 1500, height: 900 },
        ...options,
      })
    const secondTab = async ({ page }: ConsolePage, user: string): Promise<Page> => {
      const second = await page.context().newPage()
      await second.addInitScript(
        (token) => sessionStorage.setItem("token", token),
        await tokenFor("acme", user),
      )
      await second.goto(page.url())
      return second
    }
    const accountOf = async (page: Page) => {
      const [, answer] = await world.messages(sessionIdOf(page))
      return world.run(answer.runId)
    }

    it("shows two plans, a failed tool and the error in an MCP call, as the account of the run", async () => {
      const tab = await signedIn("ana")
      await send(tab.page, twoPlans({}))
      const answer = await ended(tab.page, 0, "failed")
      const chain = chainOf(answer)
      await chain.getByText("2 plans · 5 steps · 4 calls · 2 errors").waitFor()
      const account = await accountOf(tab.page)
      const { callId, code, httpStatus, stepId } = account.error
      expect([code, httpStatus, stepId, callId]).toEqual(["MCP_UNREACHABLE", 502, "s2", "call-4"])
      const shown = await shownIn(chain)
      expect(shown).toEqual([
        ...["Find the order completed", "search completed", "Check the stock failed", "stock failed"],
        ...["Read the manual completed", "manual completed", "Ask the archive failed", "archive failed"],
        "Write not started",
      ])
      const links: ReadonlyArray<Link> = account.execution
      const words: Readonly<Record<string, string>> = { pending: "not started" }
      expect(shown.toSorted()).toEqual(
        links.map(({ name, status }) => `${name} ${words[status] ?? status}`).toSorted(),
      )
      const second = chain.getByRole("group", { name: "Plan 2" })
      const place = second.locator(".step-item", { hasText: "Ask the archive" }).locator(".call-item")
      const error = place.getByRole("group", { name: "The run failed" })
      expect(await error.innerText()).toMatch(/MCP_UNREACHABLE\s+Status 502\s+The answering service failed/)
      expect(await chain.getByRole("group", { name: "The run failed" }).count()).toBe(1)
      await chain.getByRole("group", { name: "Plan 1" }).getByText("The tool failed.").waitFor()
      await answer.getByText("The first way failed.").waitFor()
      expectClean(tab)
      await tab.close()
    })

    it("shows the same chain after a reload and in a second tab, once the run has failed", async () => {
      const tab = await signedIn("ana")
      await send(tab.page, twoPlans({}))
      await ended(tab.page, 0, "failed")
      const before = await chainText(tab.page, "The run failed")
      expect(await chainText(await secondTab(tab, "ana"), "The run failed")).toBe(before)
      await tab.page.reload()
      expect(await chainText(tab.page, "The run failed")).toBe(before)
      expectClean(tab)
      await tab.close()
    })

    it("shows the same chain after a reload and in a second tab, while a call runs and after its stop", async () => {
      const tab = await signedIn("ana")
      await send(tab.page, twoPlans({ hold_ms: 80_000 }))
      const before = await chainText(tab.page, "archive")
      expect(before).toMatch(/Ask the archive\s+running/)
      const second = await secondTab(tab, "ana")
      expect(await chainText(second, "archive")).toBe(before)
      await tab.page.reload()
      expect(await chainText(tab.page, "archive")).toBe(before)
      await tab.page.getByRole("button", { name: "Stop" }).click()
      await ended(tab.page, 0, "cancelled")
      await ended(second, 0, "cancelled")
      const after = await chainText(tab.page, "The run was cancelled")
      expect(after).not.toMatch(/running|waiting/)
      expect(await chainText(second, "The run was cancelled")).toBe(after)
      await tab.page.reload()
      expect(await chainText(tab.page, "The run was cancelled")).toBe(after)
      expect((await world.log()).executions).toHaveLength(1)
      expectClean(tab)
      await tab.close()
    })

    it("shows the stored chain and no replay once the events of the run have expired", async () => {
      const tab = await signedIn("ana")
      await send(tab.page, twoPlans({}))
      await ended(tab.page, 0, "failed")
      const before = await chainText(tab.page, "The run failed")
      const { id } = await accountOf(tab.page)
      const database = new DatabaseSync(join(world.folder.path, "crossfade.db"))
      database.prepare("DELETE FROM run_events WHERE run_id = ?").run(id)
      database.close()
      // A run that has just ended is in memory too.
      await world.restart()
      const url = world.gateway.url
      const own = await browser.open({
        url,
        token: await tokenFor(),
        hash: `#/chat/${sessionIdOf(tab.page)}`,
      })
      expect(await chainText(own.page, "The run failed")).toBe(before)
      const operator = await browser.open({ url, token: await operatorToken(), hash: `#/runs/${id}` })
      const { page } = operator
      await page.getByRole("button", { name: "Show the content" }).click()
      await page.getByText("a replay is not possible").waitFor()
      await chainOf(page.locator("main")).getByText("2 plans · 5 steps · 4 calls · 2 errors").waitFor()
      await page.getByText("and with them the times of steps and calls").waitFor()
      await page.getByRole("row", { name: /^step Ask the archive failed – –/ }).waitFor()
      expect(await page.getByRole("button", { name: "▶ Play" }).count()).toBe(0)
      for (const one of [own, operator]) {
        expectClean(one)
        await one.close()
      }
      await tab.close()
    })

    it("marks a fault in the middle of an answer, its unfinished step, and the mode that answered", async () => {
      const tab = await signedIn("ana")
      await send(tab.page, JSON.stringify({ scenario: "planned-cut" }))
      const answer = await ended(tab.page)
      const chain = chainOf(answer)
      await chain.getByText("The runtime failed: UPSTREAM_TRUNCATED. Direct mode continues.").waitFor()
      await chain.getByText("Shown text was taken back.").waitFor()
      expect(await shownIn(chain)).toEqual(["Draft not finished", "Review not started"])
      expect(await answer.locator(".mode").innerText()).toBe("direct")
      await answer.getByText("direct answer").waitFor()
      expect(await answer.getByText("idée").count()).toBe(0)
      const before = await chain.innerText()
      await tab.page.reload()
      await ended(tab.page)
      await chain.getByText("not finished").waitFor()
      expect(await chain.innerText()).toBe(before)
      expectClean(tab)
      await tab.close()
    })

    it.each([
      ["light", 1500, "en-GB"],
      ["dark", 360, "zh-CN"],
    ] as const)(
      "breaks no rule of accessibility with two chains in %s at %i px in %s",
      async (colorScheme, width, locale) => {
        const tab = await signedIn("ana", { colorScheme, locale, viewport: { width, height: 900 } })
        const { page } = tab
        const message = page.getByRole("textbox", { name: /^(?:Your message|您的消息)$/ })
        for (const [text, status] of [
          [JSON.stringify({ scenario: "planned-cut" }), "completed"],
          [twoPlans({}), "failed"],
        ] as const) {
          await message.fill(text)
          await message.press("Enter")
          await page.locator(`[data-status=${status}]`).waitFor({ timeout: 30_000 })
        }
        await expect.poll(() => page.locator(".chain-error").count()).toBe(1)
        // On a narrow screen the chain is a fold, which is open after a failure or a fallback.
        for (const one of await page.locator(".chain").all()) expect(await one.isVisible()).toBe(true)
        for (const one of await page.locator(".chain summary:visible").all()) await one.click()
        await expect.poll(() => page.locator(".json-box").count()).toBeGreaterThan(1)
        expect(await violationsOf(page)).toEqual([])
        await expectNoOverflow(page)
        expectClean(tab)
        await tab.close()
      },
    )
  },
)

/** Running answers in the chat: reload, a lost network, two tabs, stop, and requests that are refused. */
import { describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { tokenFor } from "../support/chatClient.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { useWorld } from "../support/world.ts"
import { answers, ended, field, questions, read, send, sessionIdOf } from "./chats.ts"

const slow = (count: number, delay_ms: number) => JSON.stringify({ scenario: "slow", count, delay_ms })
const whole = (count: number) =>
  Array.from({ length: count }, (_, index) => `idée ${index} `)
    .join("")
    .trim()

describe.skipIf(!present(chromium, "scripts/setup-tests"))("a running answer", { timeout: 90_000 }, () => {
  const world = useWorld({ RATE_LIMIT_USER_PER_MIN: "1000" })
  const browser = useBrowser()
  const signedIn = async (user: string, options: object = {}) =>
    browser.open({ url: world.gateway.url, token: await tokenFor("acme", user), ...options })
  const shows = ({ page }: ConsolePage, text: string) => answers(page).getByText(text).first().waitFor()

  it("continues after a reload in its middle, without a gap or a repetition", async () => {
    const tab = await signedIn("reloading")
    await send(tab.page, slow(40, 100))
    await shows(tab, "idée 3")
    await tab.page.reload()
    const answer = await ended(tab.page)
    await expect.poll(() => answer.locator(".answer, .markdown").first().innerText()).toContain(whole(40))
    expect((await world.log()).executions).toHaveLength(1)
    expectClean(tab)
    await tab.close()
  })

  it("continues after the network was lost and is back", async () => {
    const tab = await signedIn("offline")
    await send(tab.page, slow(40, 100))
    await shows(tab, "idée 3")
    await tab.page.context().setOffline(true)
    await tab.page.getByText(/^You are offline/).waitFor()
    await tab.page.context().setOffline(false)
    const answer = await ended(tab.page)
    await expect.poll(() => answer.locator(".answer, .markdown").first().innerText()).toContain(whole(40))
    expect(await tab.page.getByText(/^You are offline/).count()).toBe(0)
    expect((await world.log()).executions).toHaveLength(1)
    expect(tab.foreign).toEqual([])
    await tab.close()
  })

  it("is shown in two tabs at once, and in a tab that was opened before it began", async () => {
    const first = await signedIn("tabs")
    await send(first.page, slow(2, 10))
    await ended(first.page)
    const second = await first.page.context().newPage()
    await second.addInitScript(
      (token) => sessionStorage.setItem("token", token),
      await tokenFor("acme", "tabs"),
    )
    await second.goto(first.page.url())
    await ended(second)
    await send(first.page, slow(30, 100))
    await answers(first.page).nth(1).getByText("idée 1").first().waitFor()
    // As when the user returns to the tab.
    await second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await answers(second).nth(1).getByText("idée 2").first().waitFor()
    await ended(first.page, 1)
    await ended(second, 1)
    expect(await answers(second).nth(1).locator(".answer, .markdown").first().innerText()).toContain(
      whole(30),
    )
    expectClean(first)
    await first.close()
  })

  it("stops by Escape and by its button, and keeps the text up to there", async () => {
    const tab = await signedIn("stopping")
    await send(tab.page, slow(500, 100))
    await shows(tab, "idée 2")
    await field(tab.page).press("Escape")
    const answer = await ended(tab.page, 0, "cancelled")
    await answer.getByText("Stopped. The text up to here stays.").waitFor()
    expect(await answer.innerText()).toContain("idée 2")
    await send(tab.page, slow(500, 100))
    await answers(tab.page).nth(1).getByText("idée 2").first().waitFor()
    await tab.page.getByRole("button", { name: "Stop" }).click()
    await ended(tab.page, 1, "cancelled")
    await world.logged(({ cancels }) => cancels.length === 2)
    await tab.page.reload()
    await ended(tab.page, 1, "cancelled")
    expectClean(tab)
    await tab.close()
  })

  it("leaves a reader who has scrolled up alone, and offers the way back", async () => {
    const tab = await signedIn("scrolling", { viewport: { width: 700, height: 420 } })
    await send(tab.page, JSON.stringify({ scenario: "slow", count: 400, delay_ms: 15 }))
    const box = tab.page.getByRole("group", { name: "Conversation" })
    const scrolled = async () =>
      Number(await read(box, "scrollHeight")) -
      Number(await read(box, "clientHeight")) -
      Number(await read(box, "scrollTop"))
    await expect
      .poll(async () => Number(await read(box, "scrollTop")), { timeout: 20_000 })
      .toBeGreaterThan(100)
    expect(await scrolled()).toBeLessThan(50)
    await box.evaluate((element) => Reflect.set(element, "scrollTop", 0))
    const latest = tab.page.getByRole("button", { name: "Jump to latest" })
    await latest.waitFor()
    await answers(tab.page).getByText("idée 399").first().waitFor({ state: "attached", timeout: 30_000 })
    expect(await read(box, "scrollTop")).toBe(0)
    await latest.click()
    await expect.poll(scrolled).toBeLessThan(50)
    expect(await latest.count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("names the code, the reason and the trace of a failure, and tries again", async () => {
    const tab = await signedIn("failing")
    // A turn whose tool has run is not given to another upstream.
    await send(tab.page, JSON.stringify({ scenario: "cut", after: "tool_call" }))
    const answer = await ended(tab.page, 0, "failed")
    const problem = answer.getByRole("alert")
    await problem
      .getByText(/^[A-Z_]+$/)
      .first()
      .waitFor()
    await tab.page.getByRole("button", { name: "Try again" }).click()
    await expect.poll(async () => (await world.log()).executions.length).toBeGreaterThan(1)
    await ended(tab.page, 0, "failed")
    expect(await questions(tab.page).count()).toBe(1)
    expectClean(tab)
    await tab.close()
  })

  it("says what to do when the token has expired, and keeps the message", async () => {
    const tab = await signedIn("expiring")
    await tab.page.getByRole("heading", { name: "Ask something" }).waitFor()
    await tab.page.route("**/api/v1/chat/start*", (route) =>
      route.fulfill({
        status: 401,
        json: { error: { code: "AUTH_TOKEN_EXPIRED", message: "The token has expired." } },
      }),
    )
    await send(tab.page, "Do not lose me")
    const problem = tab.page.getByRole("alert")
    await problem.getByText("AUTH_TOKEN_EXPIRED").waitFor()
    await questions(tab.page).getByText("Not sent").waitFor()
    await problem.getByRole("button", { name: "Sign in again" }).click()
    await tab.page.unroute("**/api/v1/chat/start*")
    await tab.page.getByLabel("Token or API key").fill(await tokenFor("acme", "expiring"))
    await tab.page.getByRole("button", { name: "Use" }).click()
    await expect.poll(() => field(tab.page).inputValue()).toBe("Do not lose me")
    expect(tab.foreign).toEqual([])
    await tab.close()
  })

  it("shows a limit with the time to wait, and sends the message by itself once it may", async () => {
    const tab = await signedIn("limited")
    let refusals = 0
    await tab.page.route("**/api/v1/chat/start*", (route) => {
      refusals += 1
      return refusals > 1
        ? route.continue()
        : route.fulfill({
            status: 429,
            headers: { "retry-after": "1" },
            json: { error: { code: "RATE_LIMIT_USER", message: "Too many requests.", retryAfter: 1 } },
          })
    })
    await send(tab.page, "Hello")
    await tab.page.getByText(/refused for now \(RATE_LIMIT_USER\)/).waitFor()
    await ended(tab.page)
    expect(refusals).toBe(2)
    expect(tab.foreign).toEqual([])
    await tab.close()
  })

  it("puts a refused message back into the field when a repetition cannot help", async () => {
    const tab = await signedIn("refused")
    await tab.page.route("**/api/v1/chat/start*", (route) =>
      route.fulfill({
        status: 413,
        json: { error: { code: "PAYLOAD_TOO_LARGE", message: "The body is too large." } },
      }),
    )
    await send(tab.page, "Too large")
    const problem = tab.page.getByRole("alert")
    await problem.getByText("Shorten the message or attach smaller files.").waitFor()
    expect(await problem.getByRole("button", { name: "Try again" }).count()).toBe(0)
    await problem.getByRole("button", { name: "Put it back into the message field" }).click()
    expect(await field(tab.page).inputValue()).toBe("Too large")
    await tab.page.unroute("**/api/v1/chat/start*")
    await field(tab.page).press("Enter")
    await ended(tab.page)
    expect(await questions(tab.page).count()).toBe(1)
    expect(sessionIdOf(tab.page)).not.toBe("")
    await tab.close()
  })
})

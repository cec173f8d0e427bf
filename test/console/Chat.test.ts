/** The chat of the console, as its users use it, on the sandbox. */
import { describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { tokenFor } from "../support/chatClient.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"
import { useGateway } from "../support/useGateway.ts"
import { answers, ended, field, hasFocus, questions, send, sessionIdOf } from "./chats.ts"

const gateway = useGateway()

const fault = async (name: string): Promise<void> => {
  const { data } = (await (await fetch(`${gateway.url}/api/v1/health/ready`)).json()) as {
    readonly data: { readonly sandbox: { readonly runtimeUrl: string; readonly modelUrl: string } }
  }
  for (const url of [data.sandbox.runtimeUrl, data.sandbox.modelUrl])
    await fetch(`${url}/sandbox/faults`, { method: "POST", body: JSON.stringify({ fault: name }) })
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the chat", { timeout: 90_000 }, () => {
  const browser = useBrowser()
  const signedIn = async (user: string, options: object = {}, permissions: ReadonlyArray<string> = ["*"]) =>
    browser.open({ url: gateway.url, token: await tokenFor("acme", user, permissions), ...options })

  it("answers a message after its link was accepted, with mode, tokens and times, and copies it as Markdown", async () => {
    const token = await tokenFor("acme", "newcomer")
    const tab = await browser.open({
      url: gateway.url,
      hash: `#token=${token}`,
      permissions: ["clipboard-read", "clipboard-write"],
    })
    await tab.page.getByRole("dialog").getByRole("button", { name: "Use it" }).click()
    await send(tab.page, "Hello")
    const answer = await ended(tab.page)
    await answer.getByText(/≈ \d+ tokens/).waitFor()
    await answer.getByText(/first content after/).waitFor()
    await answer.getByText(/in total/).waitFor()
    await tab.page.getByRole("status").getByText("Answer complete").waitFor()
    expect(sessionIdOf(tab.page)).not.toBe("")
    await tab.page.getByRole("heading", { level: 1, name: "Hello" }).waitFor()
    await answer.getByRole("button", { name: "Copy as Markdown" }).click()
    await answer.getByRole("button", { name: "Copied" }).waitFor()
    expect(await tab.page.evaluate("navigator.clipboard.readText()")).toContain(
      "**This answer was written by the sandbox runtime**",
    )
    expectClean(tab)
    await tab.close()
  })

  it("shows its session again after a reload, with the failed answer and its code", async () => {
    const tab = await signedIn("reloading")
    await send(tab.page, "Hello")
    await ended(tab.page)
    await fault("down")
    await send(tab.page, "Hello again")
    const failed = await ended(tab.page, 1, "failed")
    await fault("none")
    await failed
      .getByRole("alert")
      .getByText(/UPSTREAM|UNAVAILABLE/)
      .first()
      .waitFor()
    const texts = async () =>
      (await tab.page.locator(".own-text, .problem strong").allTextContents()).join("\n")
    const before = await texts()
    await tab.page.reload()
    await ended(tab.page, 1, "failed")
    expect(await texts()).toBe(before)
    await tab.page.getByRole("button", { name: "Try again" }).click()
    await ended(tab.page, 1, "completed")
    expect(await tab.page.getByRole("alert").count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("begins another conversation, and leaves the first one in the list", async () => {
    const tab = await signedIn("beginning")
    await send(tab.page, "The first one")
    await ended(tab.page)
    await tab.page.getByRole("button", { name: "New", exact: true }).click()
    await tab.page.getByRole("heading", { name: "Ask something" }).waitFor()
    expect(await hasFocus(field(tab.page))).toBe(true)
    await tab.page.reload()
    await tab.page.getByRole("heading", { name: "Ask something" }).waitFor()
    await tab.page.getByRole("link", { name: /The first one/ }).click()
    await ended(tab.page)
    expect(await questions(tab.page).allTextContents()).toEqual([expect.stringContaining("The first one")])
    expectClean(tab)
    await tab.close()
  })

  it("edits a question, and shows both versions with their answers", async () => {
    const tab = await signedIn("editing")
    await send(tab.page, "Tea")
    await ended(tab.page)
    await tab.page.getByRole("button", { name: "Edit" }).click()
    const edit = tab.page.getByRole("textbox", { name: "Edit your message" })
    await edit.fill("Coffee")
    await edit.press("Enter")
    await expect.poll(() => tab.page.locator(".own-text").allTextContents()).toEqual(["Coffee"])
    await ended(tab.page)
    const versions = questions(tab.page).getByRole("group", { name: "Versions" })
    await versions.getByText("2/2").waitFor()
    await versions.getByRole("button", { name: "Previous version" }).click()
    await expect.poll(() => tab.page.locator(".own-text").allTextContents()).toEqual(["Tea"])
    await versions.getByText("1/2").waitFor()
    expect(await versions.getByRole("button", { name: "Previous version" }).isDisabled()).toBe(true)
    expectClean(tab)
    await tab.close()
  })

  it("answers again, also in the other mode, and lists the versions", async () => {
    const tab = await signedIn("again")
    await send(tab.page, "Hello")
    await ended(tab.page)
    await answers(tab.page).getByRole("button", { name: "Answer again" }).click()
    await answers(tab.page).getByText("2/2").waitFor()
    await answers(tab.page).getByRole("button", { name: "More actions" }).click()
    await tab.page.getByRole("button", { name: "Answer again by the model directly" }).click()
    await answers(tab.page).getByText("3/3").waitFor()
    await answers(tab.page).locator(".mode").getByText("direct").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("offers the other mode only with chat:mode", async () => {
    const tab = await signedIn("modest", {}, ["chat:read", "chat:write", "sessions:write"])
    await send(tab.page, "Hello")
    await ended(tab.page)
    expect(await answers(tab.page).getByRole("button", { name: "More actions" }).count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("keeps a rating and a comment over a reload, and withdraws them", async () => {
    const tab = await signedIn("rating")
    await send(tab.page, "Hello")
    await ended(tab.page)
    const up = tab.page.getByRole("button", { name: "Good answer" })
    await up.click()
    const comment = tab.page.getByRole("textbox", { name: "Comment on the answer" })
    await comment.fill("Right and short")
    await comment.press("Enter")
    await tab.page.getByText("Comment saved").waitFor()
    await tab.page.reload()
    await ended(tab.page)
    expect(await up.getAttribute("aria-pressed")).toBe("true")
    expect(await comment.inputValue()).toBe("Right and short")
    await up.click()
    await expect.poll(() => up.getAttribute("aria-pressed")).toBe("false")
    await tab.page.reload()
    await ended(tab.page)
    expect(await up.getAttribute("aria-pressed")).toBe("false")
    expectClean(tab)
    await tab.close()
  })

  it("lists every event of the run, filters them, and copies commands without the token", async () => {
    const token = await tokenFor("acme", "watching")
    const tab = await browser.open({
      url: gateway.url,
      token,
      permissions: ["clipboard-read", "clipboard-write"],
    })
    await send(tab.page, "It's one")
    await ended(tab.page)
    await answers(tab.page).getByRole("button", { name: "Events" }).click()
    const drawer = tab.page.getByRole("dialog", { name: "Events of the run" })
    const count = drawer.getByText(/^(\d+) of \1 events$/)
    await count.waitFor()
    await drawer.getByRole("searchbox").fill("done")
    await drawer.getByText(/^1 of \d+ events$/).waitFor()
    await drawer.getByRole("button", { name: /done/ }).click()
    await drawer.getByText('"executionMode"').waitFor()
    await drawer.getByRole("button", { name: "Copy the request as curl" }).click()
    const command = String(await tab.page.evaluate("navigator.clipboard.readText()"))
    expect(command).toContain(`'{"agentId":"00000000-0000-4000-8000-000000000001","message":"It'\\''s one"}'`)
    expect(command).toContain("$CROSSFADE_TOKEN")
    expect(command).not.toContain(token)
    await tab.page.keyboard.press("Escape")
    await drawer.waitFor({ state: "detached" })
    expectClean(tab)
    await tab.close()
  })

  it("keeps the text of an input method until its composition ends", async () => {
    const tab = await signedIn("composing")
    await field(tab.page).fill("你好")
    await field(tab.page).dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true })
    await field(tab.page).dispatchEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true })
    expect(await field(tab.page).inputValue()).toBe("你好")
    await field(tab.page).press("Shift+Enter")
    expect(await field(tab.page).inputValue()).toBe("你好\n")
    await field(tab.page).press("Enter")
    await ended(tab.page)
    expectClean(tab)
    await tab.close()
  })

  it("works by keyboard alone", async () => {
    const tab = await signedIn("typing")
    await tab.page.getByRole("heading", { name: "Ask something" }).waitFor()
    // The field has the focus when the page opens.
    await expect.poll(() => hasFocus(field(tab.page))).toBe(true)
    await tab.page.keyboard.type("By keyboard")
    await tab.page.keyboard.press("Enter")
    await ended(tab.page)
    await tab.page.keyboard.press("Control+/")
    await tab.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor()
    await tab.page.keyboard.press("Escape")
    await tab.page.keyboard.press("Control+k")
    const search = tab.page.getByRole("searchbox", { name: "Search conversations" })
    await expect.poll(() => hasFocus(search)).toBe(true)
    const actions = tab.page.getByRole("button", { name: "Actions for By keyboard" })
    await actions.focus()
    await tab.page.keyboard.press("Enter")
    await tab.page.keyboard.press("Escape")
    expect(await hasFocus(actions)).toBe(true)
    await tab.page.keyboard.press("Control+Shift+o")
    await tab.page.getByRole("heading", { name: "Ask something" }).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it.each([
    ["light", 1400, "en-GB"],
    ["dark", 1000, "en-GB"],
    ["dark", 360, "zh-CN"],
  ] as const)("breaks no rule of accessibility in %s at %i px in %s", async (colorScheme, width, locale) => {
    const tab = await signedIn(`axe-${width}`, { colorScheme, locale, viewport: { width, height: 800 } })
    const message = tab.page.getByRole("textbox", { name: /^(?:Your message|您的消息)$/ })
    await message.waitFor()
    expect(await violationsOf(tab.page)).toEqual([])
    await message.fill("Hello")
    await message.press("Enter")
    const complete = tab.page.locator("[data-status=completed]")
    await complete.getByText(/first content after|后出现首个内容/).waitFor({ timeout: 30_000 })
    await message.fill("/plain And again")
    await message.press("Enter")
    await complete
      .nth(1)
      .getByText(/first content after|后出现首个内容/)
      .waitFor({ timeout: 30_000 })
    expect(await violationsOf(tab.page)).toEqual([])
    await expectNoOverflow(tab.page)
    expectClean(tab)
    await tab.close()
  })

  it("has its list in a drawer on a narrow screen", async () => {
    const tab = await signedIn("narrow", { viewport: { width: 360, height: 700 } })
    await send(tab.page, "Narrow")
    await ended(tab.page)
    const link = tab.page.getByRole("link", { name: /Narrow/ })
    expect(await link.isVisible()).toBe(false)
    const button = tab.page.getByRole("button", { name: "☰ Conversations" })
    await button.click()
    await link.waitFor()
    await link.press("Escape")
    await expect.poll(() => link.isVisible()).toBe(false)
    expect(await hasFocus(button)).toBe(true)
    await expectNoOverflow(tab.page)
    expectClean(tab)
    await tab.close()
  })
})

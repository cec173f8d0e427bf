/** The shell of the console: sign-in, links with tokens, languages, colours. */
import { describe, expect, it } from "vitest"
import { operatorToken, tokenFor } from "../support/chatClient.ts"
import { chromium } from "../support/browser.ts"
import { present } from "../clients/present.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { useGateway } from "../support/useGateway.ts"

const gateway = useGateway()

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the console", { timeout: 90_000 }, () => {
  const browser = useBrowser()

  it("asks before it uses the token of a link, and takes it out of the address", async () => {
    const token = await tokenFor("acme", "ana")
    const tab = await browser.open({ url: gateway.url, hash: `#token=${token}` })
    const offer = tab.page.getByRole("dialog", { name: "Access by a link" })
    await offer.getByText("“ana” (acme)").waitFor()
    expect(tab.page.url()).toBe(`${gateway.url}/`)
    await offer.getByRole("button", { name: "Use it" }).click()
    await tab.page.getByText("ana of acme").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("names the reason when the gateway refuses a token", async () => {
    const tab = await browser.open({ url: gateway.url })
    await tab.page.getByLabel("Token or API key").fill("not-a-token")
    await tab.page.getByRole("button", { name: "Use" }).click()
    await tab.page
      .getByRole("alert")
      .getByText(/The gateway refused the token/)
      .waitFor()
    expect(tab.foreign).toEqual([])
    await tab.close()
  })

  it("offers the operators' views only to operators", async () => {
    const names = async (token: string) => {
      const tab = await browser.open({ url: gateway.url, token })
      await tab.page.getByRole("button", { name: "Sign out" }).waitFor()
      await tab.page.getByRole("link", { name: "Sandbox" }).waitFor()
      const found = await tab.page
        .getByRole("navigation", { name: "Views" })
        .getByRole("link")
        .allTextContents()
      expectClean(tab)
      await tab.close()
      return found
    }
    expect(await names(await tokenFor("acme", "ana", ["chat:*"]))).toEqual(["Chat", "Sandbox"])
    expect(await names(await tokenFor("acme", "ana", ["chat:*", "admin:read"]))).toEqual([
      "Chat",
      "Runs",
      "Sandbox",
    ])
    expect(await names(await operatorToken(["operator:read"]))).toEqual(["Runs", "Crossfade", "Sandbox"])
  })

  it("opens the crossfade view for an operator without a chat, and says why the chat is closed", async () => {
    const tab = await browser.open({ url: gateway.url, token: await operatorToken(["operator:read"]) })
    await tab.page.getByRole("heading", { name: "Live" }).waitFor()
    await tab.page.goto(`${gateway.url}/#/chat`)
    await tab.page.getByText("Your account lacks the permission chat:read.").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("speaks the language of the browser", async () => {
    const tab = await browser.open({ url: gateway.url, locale: "zh-CN" })
    await tab.page.getByRole("heading", { name: "登录" }).waitFor()
    expect(await tab.page.locator("html").getAttribute("lang")).toBe("zh-Hans")
    expectClean(tab)
    await tab.close()
  })
})

/** Links that carry a token: only their user decides on its use. */
import { describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { tokenFor } from "../support/chatClient.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { useGateway } from "../support/useGateway.ts"

const gateway = useGateway()

describe.skipIf(!present(chromium, "scripts/setup-tests"))("a link with a token", { timeout: 90_000 }, () => {
  const browser = useBrowser()

  it("leaves the token in use alone when another site made it", async () => {
    const own = await tokenFor("acme", "ana")
    const other = await tokenFor("evil", "mallory")
    const tab = await browser.open({ url: gateway.url, hash: `#token=${own}` })
    const { page } = tab
    const stored = () => page.evaluate("sessionStorage.getItem('token')")
    const offer = page.getByRole("dialog", { name: "Access by a link" })
    await offer.getByRole("button", { name: "Use it" }).click()
    await page.getByText("ana of acme").waitFor()
    expect(await stored()).toBe(own)
    for (const open of [
      () => page.goto(`${gateway.url}/#token=${other}`, { referer: "https://evil.example/" }),
      () => page.evaluate(`location.hash = "token=${other}"`),
      () => page.evaluate(`location.hash = "x=1&token=%20${other}"`),
    ]) {
      await open()
      await offer.getByText("mallory").waitFor()
      expect(await page.evaluate("location.hash")).toBe("")
      expect(await stored()).toBe(own)
      await offer.getByRole("button", { name: "Ignore it" }).click()
      await offer.waitFor({ state: "detached" })
      expect(await stored()).toBe(own)
    }
    await page.evaluate("history.back()")
    expect(await stored()).toBe(own)
    await page.getByText("ana of acme").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("leaves nothing of its user in the tab after a sign-out or another user's sign-in", async () => {
    const tab = await browser.open({ url: gateway.url, hash: `#token=${await tokenFor("acme", "ana")}` })
    const { page } = tab
    const offer = page.getByRole("dialog", { name: "Access by a link" })
    const message = page.getByRole("textbox", { name: "Your message" })
    const use = () => offer.getByRole("button", { name: "Use it" }).click()
    const write = async (text: string) => {
      await message.fill(text)
      await page.waitForFunction((kept) => Object.values(sessionStorage).includes(kept), text)
    }
    await use()
    await write("ana's secret")
    await page.evaluate(`location.hash = "token=${await tokenFor("acme", "bob")}"`)
    await use()
    await page.getByText("bob of acme").waitFor()
    expect(await message.inputValue()).toBe("")
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain("ana's secret")
    await write("bob's secret")
    await page.reload()
    await page.getByText("bob of acme").waitFor()
    expect(await message.inputValue()).toBe("bob's secret")
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByLabel("Token or API key").waitFor()
    expect(await page.evaluate("sessionStorage.length")).toBe(0)
    await page.goBack()
    expect(await page.getByText("bob of acme").count()).toBe(0)
    expect(await page.content()).not.toMatch(/ana's secret|bob's secret/)
    expectClean(tab)
    await tab.close()
  })
})

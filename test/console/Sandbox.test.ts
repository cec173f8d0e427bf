/** Faults of the sandbox in the console: on, visible on every view, felt by a turn, off. */
import { beforeAll, describe, expect, it } from "vitest"
import { Client, ofType, operatorToken, tokenFor } from "../support/chatClient.ts"
import { chromium } from "../support/browser.ts"
import { present } from "../clients/present.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { useGateway } from "../support/useGateway.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"

const gateway = useGateway({ CHAT_EXECUTION_MODE: "runtime_orchestrator" })
let client: Client
beforeAll(async () => {
  client = new Client(gateway.url, await tokenFor())
})

const modeOfTurn = async () => {
  const stream = await client.start("/plain Hello")
  const frames = await stream.rest()
  return {
    fallback: ofType(frames, "fallback")[0]?.data.data.code,
    mode: frames.at(-1)?.data.executionMode,
  }
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the sandbox view", { timeout: 120_000 }, () => {
  const browser = useBrowser()

  it("sets a fault that a turn falls back from, marks it on every view, and fixes it", async () => {
    const tab = await browser.open({ url: gateway.url, hash: "#/sandbox", token: client.token })
    const { page } = tab
    await page.getByRole("button", { name: "Set cut on: Runtime" }).click()
    const mark = page.getByRole("banner").getByRole("link", { name: "Sandbox fault: runtime cut" })
    await mark.waitFor()
    await page.getByRole("row", { name: /^cut/ }).getByText("active: Runtime").waitFor()
    expect(await modeOfTurn()).toEqual({ fallback: "UPSTREAM_TRUNCATED", mode: "direct_llm" })
    await page.goto(`${gateway.url}/#/chat`)
    await mark.click()
    await page.getByRole("button", { name: "Fix everything" }).click()
    await mark.waitFor({ state: "detached" })
    expect(await modeOfTurn()).toEqual({ fallback: undefined, mode: "runtime_orchestrator" })
    expectClean(tab)
    await tab.close()
  })

  it("refuses a wrong parameter at its field, and sets none", async () => {
    const tab = await browser.open({ url: gateway.url, hash: "#/sandbox", token: client.token })
    const { page } = tab
    const row = page.getByRole("row", { name: /^error-rate/ })
    await row.getByLabel("Share that fails, 0 to 1").fill("1.5")
    await row.getByRole("button", { name: "Set error-rate on: Model of direct mode" }).click()
    await row.getByText("Enter a number from 0 to 1.").waitFor()
    expect(await page.getByRole("link", { name: /Sandbox fault/ }).count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("sends turns as the user, and stops sending on demand", async () => {
    const tab = await browser.open({ url: gateway.url, hash: "#/sandbox", token: client.token })
    const { page } = tab
    await page.getByRole("button", { name: "Send 20 turns" }).click()
    await page.getByText(/20 of 20 sent, 20 ended/).waitFor({ timeout: 60_000 })
    await page.getByText(/answered by the runtime: 20, answered by direct mode: 0, failed: 0/).waitFor()
    await page.getByRole("button", { name: "Send 20 turns" }).click()
    await page.getByText(/^1 of 20 sent/).waitFor()
    await page.getByRole("button", { name: "Cancel" }).click()
    await page.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" })
    const sessions = (await client.json("GET", "/api/v1/chat/sessions?limit=100")).data
    expect(JSON.stringify(sessions)).not.toContain("Sandbox turn 40")
    await page.getByText(/[1-9]\d? of 20 sent/).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("offers no turns to an account that may not chat, fits 360 px and is accessible", async () => {
    const token = await operatorToken()
    const viewport = { width: 360, height: 700 }
    const tab = await browser.open({ url: gateway.url, hash: "#/sandbox", token, viewport, locale: "zh-CN" })
    await tab.page.getByText(/您的账户不能对话/).waitFor()
    await expectNoOverflow(tab.page)
    expect(await violationsOf(tab.page)).toEqual([])
    expectClean(tab)
    await tab.close()
  })
})

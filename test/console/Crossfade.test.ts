/** The live tab of the crossfade view on the sandbox: what people on call see when the runtime breaks, and how they act. */
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { Client, eventually, operatorToken, tokenFor } from "../support/chatClient.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

const folder = temporaryFolder()
let gateway: Running
let runtimeUrl = ""

const env = {
  CHAT_EXECUTION_MODE: "runtime_orchestrator",
  CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "3",
}

const start = async (more: Readonly<Record<string, string>> = {}) => {
  gateway = await startGateway({ DATA_DIR: folder.path, ...env, ...more })
  const ready = await new Client(gateway.url, "").json("GET", "/api/v1/health/ready")
  runtimeUrl = ready.data.sandbox.runtimeUrl
}
beforeAll(() => start())
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  folder.dispose()
})

const fault = async (body: Readonly<Record<string, unknown>>) => {
  const response = await fetch(`${runtimeUrl}/sandbox/faults`, { method: "POST", body: JSON.stringify(body) })
  expect(response.status).toBe(200)
}
const turn = async (org: string) => {
  const client = new Client(gateway.url, await tokenFor(org, "ana"))
  await (await client.start("hello")).rest()
}
const operator = async () => new Client(gateway.url, await operatorToken())
const reset = async () => {
  await fault({ fault: "none" })
  await (await operator()).json("POST", "/api/v1/runtime/fallback/reset")
}
const headline = (page: Page) => page.getByRole("region", { name: "Now" }).locator(".headline-main")

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the crossfade view", { timeout: 120_000 }, () => {
  const browser = useBrowser()
  const open = async (permissions?: ReadonlyArray<string>, options = {}) =>
    browser.open({
      url: gateway.url,
      token: await operatorToken(permissions),
      hash: "#/crossfade",
      ...options,
    })

  it("shows a broken runtime: the sentence, the band, the evidence, the decisions and the change", async () => {
    await reset()
    await turn("acme")
    const tab = await open()
    const { page } = tab
    await headline(page).getByText("All turns go to the runtime.").waitFor()
    await fault({ fault: "error-rate", rate: 1 })
    for (let n = 0; n < 4; n++) await turn("acme")
    await headline(page)
      .getByText(/^Direct mode answers all turns: the breaker opened .* because: error rate 0\.\d+ > 0\.5/)
      .waitFor()
    await page
      .getByRole("region", { name: "Turns that changed their mode" })
      .getByRole("link")
      .first()
      .waitFor()
    await page
      .getByRole("region", { name: "Changes of the breakers" })
      .getByRole("row", { name: /closed → open.*error rate/ })
      .first()
      .waitFor()
    await turn("acme")
    await page
      .getByRole("region", { name: "Decisions by reason" })
      .getByRole("row", { name: /breaker Direct/ })
      .waitFor()
    await page.locator(".time-chart canvas").first().waitFor()
    await page.getByText(/^The breaker in this time: open \d/).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("sets an override with a reason and an end, and ends it", async () => {
    await reset()
    const tab = await open()
    const { page } = tab
    await page.getByRole("button", { name: "Set an override" }).click()
    const dialog = page.getByRole("dialog", { name: "Set an operator override" })
    await dialog.getByText("New turns of all organisations start in direct mode").waitFor()
    await dialog.getByLabel(/^Reason/).fill("incident 7")
    await dialog.getByRole("button", { name: "Set an override" }).click()
    await page.getByRole("alert").getByText("olga (ops)").waitFor()
    await headline(page)
      .getByText(
        /^Operator override by olga of ops until .*: direct mode answers all turns. Reason: incident 7$/,
      )
      .waitFor()
    await page.getByRole("button", { name: "End the override" }).click()
    const confirm = page.getByRole("dialog", { name: "End the override" })
    await confirm.getByText("follow the rollout and the breaker again").waitFor()
    await confirm.getByLabel(/^Reason/).fill("over")
    await confirm.getByRole("button", { name: "End the override" }).click()
    await headline(page).getByText("All turns go to the runtime.").waitFor()
    const { data } = await (await operator()).json("GET", "/api/v1/runtime/audit")
    expect(data.entries.slice(0, 2).map(({ reason }: { reason: string }) => reason)).toEqual([
      "over",
      "incident 7",
    ])
    expectClean(tab)
    await tab.close()
  })

  it("follows the recovery: the ramp and its share, then the runtime", { timeout: 240_000 }, async () => {
    await reset()
    await fault({ fault: "error-rate", rate: 1 })
    for (let n = 0; n < 4; n++) await turn("acme")
    const tab = await open()
    const { page } = tab
    await headline(page)
      .getByText(/^Direct mode answers/)
      .waitFor()
    await fault({ fault: "none" })
    await headline(page)
      .getByText(/^In a ramp: 20% of sessions use the runtime/)
      .waitFor({ timeout: 60_000 })
    await headline(page).getByText("All turns go to the runtime.").waitFor({ timeout: 90_000 })
    const changes = page.getByRole("region", { name: "Changes of the breakers" })
    await changes
      .getByRole("row", { name: /open → ramp/ })
      .first()
      .waitFor()
    await changes
      .getByRole("row", { name: /ramp → closed/ })
      .first()
      .waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("shows an organisation's own breaker beside a healthy rest, and resets it", async () => {
    await reset()
    for (const org of ["acme", "globex", "initech", "hooli", "vandelay"]) await turn(org)
    await fault({ fault: "error-rate", rate: 1 })
    for (let n = 0; n < 4; n++) await turn("umbrella")
    await fault({ fault: "none" })
    const tab = await open()
    const { page } = tab
    await headline(page).getByText("All turns go to the runtime.").waitFor()
    await page.getByText("Organisations with a breaker or an override of their own: 1.").waitFor()
    const row = page.getByRole("row", { name: /^umbrella/ })
    await row.getByText(/^Direct mode answers the turns of umbrella: the breaker opened/).waitFor()
    await page.getByLabel("Find an organisation").fill("acme")
    await page.getByText("No organisation of this list matches.").waitFor()
    await page.getByLabel("Find an organisation").fill("umb")
    await row.getByRole("button", { name: "Reset the breaker" }).click()
    const dialog = page.getByRole("dialog", { name: "Reset the breaker" })
    await dialog.getByText("The breaker of umbrella closes now").waitFor()
    await dialog.getByRole("button", { name: "Reset the breaker" }).click()
    await page.getByText("No organisation has an open breaker or an override of its own.").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("names the nearest organisation for a misspelt one", async () => {
    await reset()
    await turn("umbrella")
    const tab = await open()
    const { page } = tab
    await page.getByRole("button", { name: "Set an override" }).click()
    const dialog = page.getByRole("dialog", { name: "Set an operator override" })
    await dialog.getByRole("combobox", { name: /^For/ }).selectOption("one organisation")
    await dialog.getByLabel("Organisation", { exact: true }).fill("umbrela")
    await dialog.getByRole("button", { name: "Did you mean umbrella?" }).click()
    expect(await dialog.getByLabel("Organisation", { exact: true }).inputValue()).toBe("umbrella")
    await dialog.getByText("New turns of umbrella start in direct mode").waitFor()
    // Without a reason the form does not send.
    await dialog.getByRole("button", { name: "Set an override" }).click()
    expect(await dialog.locator("input:invalid").count()).toBe(1)
    await page.keyboard.press("Escape")
    expect(await page.getByRole("dialog").count()).toBe(0)
    await tab.close()
  })

  it("explains to an operator who may only read why the actions are disabled", async () => {
    const tab = await open(["operator:read"])
    const { page } = tab
    await page.getByText("Changes need the permission operator:write.").waitFor()
    for (const name of ["Set an override", "Reset the breaker"])
      expect(await page.getByRole("button", { name }).isDisabled()).toBe(true)
    await page.getByRole("link", { name: "Notifications" }).click()
    expect(await page.getByRole("button", { name: "Send a test" }).isDisabled()).toBe(true)
    expectClean(tab)
    await tab.close()
  })

  it("marks old figures while the connection is lost, and reads on after a restart", async () => {
    const tab = await open()
    const { page } = tab
    await page.locator(".time-chart[data-points] canvas").first().waitFor()
    const { port } = new URL(gateway.url)
    await gateway.stop("SIGKILL")
    await page
      .getByRole("alert")
      .getByText(/^The connection is lost .* from \d+:\d\d:\d\d/)
      .waitFor()
    await page.locator(".live.stale").waitFor()
    await start({ PORT: port })
    await page.locator(".live:not(.stale)").waitFor()
    await eventually(
      async () => Number(await page.locator(".time-chart").first().getAttribute("data-points")) >= 3,
      30,
    )
    expect(tab.foreign).toEqual([])
    expect(tab.complaints.filter((text) => !/ERR_|Failed to load/.test(text))).toEqual([])
    await tab.close()
  })

  it("fits 360 px, speaks Chinese and passes axe in both schemes", async () => {
    for (const [scheme, locale, width] of [
      ["light", "en-GB", 360],
      ["dark", "zh-CN", 1280],
    ] as const) {
      const tab = await open(undefined, { colorScheme: scheme, locale, viewport: { width, height: 2400 } })
      const { page } = tab
      await page.locator(".time-chart canvas").nth(5).waitFor()
      if (locale === "zh-CN") await page.getByText("所有轮次都使用运行时。").first().waitFor()
      await expectNoOverflow(page)
      expect(await violationsOf(page)).toEqual([])
      await page
        .getByRole("button", { name: /Set an override|人工指定/ })
        .first()
        .click()
      await page.getByRole("dialog").waitFor()
      expect(await violationsOf(page)).toEqual([])
      await page.keyboard.press("Escape")
      await page.goto(`${gateway.url}/#/crossfade/notifications`)
      await page.getByText("NOTIFY_WEBHOOKS").waitFor()
      expect(await violationsOf(page)).toEqual([])
      expectClean(tab)
      await tab.close()
    }
  })
})

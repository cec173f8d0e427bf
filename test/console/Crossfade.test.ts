/** The live tab of the crossfade view on the sandbox: what people on call see when the runtime breaks, and how they act. */
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { Client, eventually, operatorToken, tokenFor } from "../support/chatClient.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
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
  const ready = await (await fetch(`${gateway.url}/api/v1/health/ready`)).json()
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
const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8")
const violations = async (page: Page) => {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    // oxlint-disable-next-line typescript/no-explicit-any -- a global of the script above
    const { violations: found } = await (globalThis as any).axe.run()
    return found.map((one: { id: string; nodes: ReadonlyArray<{ html: string }> }) => [
      one.id,
      one.nodes.map(({ html }) => html.slice(0, 150)),
    ])
  })
}
const headline = (page: Page) => page.getByRole("region", { name: "Now" }).getByRole("status")

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
    await page.getByRole("region", { name: "Turns that changed their mode" }).getByRole("link").first().waitFor()
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
    await page.screenshot({ path: "/tmp/live-broken.png", fullPage: true })
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
    await page.screenshot({ path: "/tmp/live-override.png" })
    await dialog.getByRole("button", { name: "Set an override" }).click()
    await page.getByRole("alert").getByText("olga (ops)").waitFor()
    await headline(page)
      .getByText(/^Operator override by olga of ops until .*: direct mode answers all turns. Reason: incident 7$/)
      .waitFor()
    await page.getByRole("button", { name: "End the override" }).click()
    const confirm = page.getByRole("dialog", { name: "End the override" })
    await confirm.getByText("follow the rollout and the breaker again").waitFor()
    await confirm.getByLabel(/^Reason/).fill("over")
    await confirm.getByRole("button", { name: "End the override" }).click()
    await headline(page).getByText("All turns go to the runtime.").waitFor()
    const { data } = await (await operator()).json("GET", "/api/v1/runtime/audit")
    expect(data.entries.slice(0, 2).map(({ reason }: { reason: string }) => reason)).toEqual(["over", "incident 7"])
    expectClean(tab)
    await tab.close()
  })
})

/** The guarded rollout in the console, from the start of a plan to its promotion. */
import { describe, expect, it } from "vitest"
import type { Page } from "playwright-core"
import { operatorToken } from "../support/chatClient.ts"
import { chromium } from "../support/browser.ts"
import { present } from "../clients/present.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { useWorld } from "../support/world.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"

const world = useWorld({ CHAT_EXECUTION_MODE: "direct_llm" })
const hash = "#/crossfade/autopilot"

// oxlint-disable-next-line typescript/no-explicit-any -- the state as the API shows it
const state = async (): Promise<any> => (await world.operator.json("GET", "/api/v1/runtime/autopilot")).data

/** One direct answer in ten is slow, so that the limit for slow runs does not depend on the load of the machine. */
const answers = Array.from({ length: 100 }, (_, n) => ({
  kind: "text" as const,
  parts: ["direct ", "answer"],
  afterMs: n % 10 === 0 ? 500 : 0,
}))

const turns = async (count: number): Promise<void> => {
  world.model.answers.splice(0, Infinity, ...answers)
  const worker = async () => {
    for (let turn = 0; turn < count / 10; turn++) await (await world.client.start("hello")).rest()
  }
  await Promise.all(Array.from({ length: 10 }, worker))
}

const trafficUntil = async (wanted: (status: string) => boolean): Promise<void> => {
  for (let batch = 0; batch < 60; batch++) {
    if (wanted((await state()).status)) return
    await turns(100)
  }
  throw new Error(`it did not come: ${JSON.stringify(await state())}`)
}

/** Wide margins: a few hundred turns on one machine are noisy. */
const fillPlan = async (page: Page): Promise<void> => {
  for (const place of [6, 5, 4, 3]) await page.getByRole("button", { name: `Remove step ${place}` }).click()
  await page.getByLabel("Percentage of step 1").fill("50")
  await page.getByLabel("Hold time of step 1").fill("1s")
  await page.getByLabel("Percentage of step 2").fill("100")
  await page.getByLabel("Hold time of step 2").fill("0")
  for (const name of ["Answers", "First try", "Repeats", "Stops"])
    await page.getByRole("textbox", { name, exact: true }).fill("0.2")
  for (const name of ["First content, ratio", "Whole time, ratio", "Tokens, ratio"])
    await page.getByRole("textbox", { name }).fill("100")
}

const confirm = async (page: Page, reason: string, action: string) => {
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Reason").fill(reason)
  await dialog.getByRole("button", { name: action }).click()
  await dialog.waitFor({ state: "detached" })
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the autopilot", { timeout: 240_000 }, () => {
  const browser = useBrowser()

  it("refuses misspelt values at their fields", async () => {
    const tab = await browser.open({ url: world.gateway.url, hash, token: world.operator.token })
    const { page } = tab
    await page.getByLabel("Percentage of step 2").fill("1")
    await page.getByLabel("Hold time of step 1").fill("1 houer")
    await page.getByLabel("First content, ratio").fill("0.5")
    await page.getByRole("button", { name: "Start", exact: true }).click()
    await page.getByText("Enter more than the step before, 1%.").waitFor()
    await page.getByText("Enter a duration such as 90s, 30m, 1h 30m or 2d.").waitFor()
    await page.getByText("Enter a number from 1 to 100.").waitFor()
    expect(await page.getByRole("dialog").count()).toBe(0)
    expect(await state()).toBeNull()
    expectClean(tab)
    await tab.close()
  })

  it("starts, pauses, resumes, collects data, and rises to 100 % when an operator promotes it", async () => {
    const tab = await browser.open({ url: world.gateway.url, hash, token: world.operator.token })
    const { page } = tab
    await page.getByText("No guarded rollout has run yet.").waitFor()
    await fillPlan(page)
    await page.getByRole("button", { name: "Start", exact: true }).click()
    await confirm(page, "Move to the runtime", "Start")
    const steps = page.getByRole("list", { name: "Steps" })
    await steps.getByText("50%").waitFor()
    await page.getByRole("button", { name: "Pause" }).click()
    await confirm(page, "Lunch", "Pause")
    await page.getByText("Reason: Lunch").waitFor()
    await page.getByRole("button", { name: "Resume" }).click()
    await confirm(page, "Back", "Resume")
    await trafficUntil((status) => status === "awaiting_approval")
    await page.getByRole("button", { name: "Promote to 100%" }).waitFor()
    await page
      .getByRole("row", { name: /^First try/ })
      .getByText("as good")
      .waitFor()
    await page.getByText(/Sample ratio check: Passed/).waitFor()
    expect(await page.getByRole("img", { name: /^Answers: harm/ }).count()).toBe(1)
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole("button", { name: "Promote to 100%" }).click()
    await confirm(page, "All of it", "Promote to 100%")
    await page.getByText("The plan has reached its last step.").waitFor()
    expect(await state()).toMatchObject({ status: "completed", percentage: 100 })
    await page.goto(`${world.gateway.url}/#/crossfade/audit`)
    for (const reason of ["Move to the runtime", "Lunch", "Back", "All of it"])
      await page.getByRole("cell", { name: reason, exact: true }).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("has no commands with operator:read alone, and aborts with operator:write", async () => {
    await world.operator.json("PUT", "/api/v1/runtime/rollout", { percentage: 0 })
    await world.operator.json("POST", "/api/v1/runtime/autopilot", {})
    const reader = await operatorToken(["operator:read"])
    const viewport = { width: 360, height: 700 }
    const quiet = await browser.open({ url: world.gateway.url, hash, token: reader, viewport })
    await quiet.page.getByText("A command needs the permission operator:write.").waitFor()
    expect(await quiet.page.getByRole("button", { name: /Pause|Abort|Start/ }).count()).toBe(0)
    await expectNoOverflow(quiet.page)
    expectClean(quiet)
    const tab = await browser.open({ url: world.gateway.url, hash, token: world.operator.token })
    await tab.page.getByRole("button", { name: "Abort" }).click()
    await confirm(tab.page, "INC-8", "Abort")
    await tab.page.getByText("An operator ended the plan.").waitFor()
    await quiet.page.getByText("An operator ended the plan.").waitFor()
    expect(await state()).toMatchObject({ status: "aborted", percentage: 0 })
    expectClean(tab)
    await tab.close()
    await quiet.close()
  })
})

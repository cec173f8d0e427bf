/**
 * `docs/pictures/console-*.png`: the views of the console, taken by `npm run pictures` from a gateway on its sandbox. Chromium must be on the
 * PATH, and the console built.
 */
import { writeFileSync } from "node:fs"
import { type Browser, chromium as launcher, type Page } from "playwright-core"
import { chromium } from "../test/support/browser.ts"
import { Client, operatorToken, tokenFor } from "../test/support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../test/support/processes.ts"
import { smallPng } from "./SmallPng.ts"

/** The breaker of the whole service opens only if several organisations have failures. */
const orgs = ["acme", "globex", "initech"]
/** Wide enough for the chain beside the answer. A picture is 1000 pixels wide. */
const viewport = { width: 1160, height: 720 }
const deviceScaleFactor = 1000 / viewport.width
const largest = 60 * 1024

interface Filled {
  readonly gateway: Running
  readonly client: Client
  readonly token: string
  /** A turn to its end. Returns its run. */
  readonly turn: (text: string) => Promise<string>
  readonly fault: (fault: object) => Promise<void>
}

/** A gateway on its sandbox with a few turns, their shadows, and orders of an operator. */
const fill = async (dataFolder: string): Promise<Filled> => {
  const gateway = await startGateway({
    DATA_DIR: dataFolder,
    CHAT_EXECUTION_MODE: "direct_llm",
    CHAT_RUNTIME_SHADOW_PERCENT: "100",
    CHAT_RUNTIME_SHADOW_AA_PERCENT: "0",
    CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "10",
    SHADOW_STORE_TEXT: "true",
  })
  const token = await operatorToken(["*", "operator:*"], "acme", "ana")
  const client = new Client(gateway.url, token)
  const { sandbox } = (await client.json("GET", "/api/v1/health/ready")).data
  const turn = async (text: string) => {
    const stream = await client.start(text)
    await stream.rest()
    return stream.runId
  }
  const fault = async (body: object) => {
    await fetch(`${sandbox.runtimeUrl}/sandbox/faults`, { method: "POST", body: JSON.stringify(body) })
  }
  return { gateway, client, token, turn, fault }
}

/** Turns of both modes, one of them with a fallback. Returns the failed run. */
const send = async ({ client, fault, turn }: Filled): Promise<string> => {
  for (const text of ["Which plans do you offer?", "Reset my password", "Compare the two invoices"])
    await turn(text)
  const reason = "First organisation"
  await client.json("PUT", "/api/v1/runtime/rollout", { enabledOrgs: orgs, reason })
  for (const text of ["Plan a trip to Lisbon", "Write a summary of the meeting"]) await turn(text)
  await fault({ fault: "cut", afterEvents: 6 })
  const failed = await turn("Find the cheapest flight")
  await fault({ fault: "cut", afterEvents: 3 })
  await turn("Translate this letter")
  await fault({ fault: "none" })
  await turn("Hello")
  return failed
}

/** The runtime goes down, and the breaker opens. */
const trip = async ({ client, fault, gateway }: Filled): Promise<void> => {
  await fault({ fault: "down" })
  const users = await Promise.all(
    orgs.map(async (org) => new Client(gateway.url, await tokenFor(org, "ben"))),
  )
  for (let sent = 0; sent < 40; sent++) {
    await Promise.all(users.map(async (user) => (await user.start(`Question ${sent + 1}`)).rest()))
    const { data } = await client.json("GET", "/api/v1/runtime/fallback/status")
    if (data.state !== "closed") return
  }
  throw new Error("the breaker has not opened")
}

/** The file `docs/pictures/console-<name>.png`. `prepare` shows the part of the view that matters. */
const take = async (
  browser: Browser,
  { gateway, token }: Filled,
  name: string,
  hash: string,
  prepare: (page: Page) => Promise<unknown>,
): Promise<void> => {
  const context = await browser.newContext({
    viewport,
    deviceScaleFactor,
    locale: "en-GB",
    colorScheme: "light",
  })
  const page = await context.newPage()
  await page.addInitScript((given) => sessionStorage.setItem("token", given), token)
  await page.goto(`${gateway.url}/${hash}`)
  await prepare(page)
  // A field with the focus has a blinking caret.
  await page.evaluate("document.activeElement?.blur()")
  const picture = smallPng(await page.screenshot({ animations: "disabled" }))
  if (picture.length > largest) throw new Error(`${name} has ${picture.length} bytes, more than ${largest}`)
  writeFileSync(`docs/pictures/console-${name}.png`, picture)
  await context.close()
}

const row = (page: Page, name: RegExp | string) => page.getByRole("row", { name }).first().waitFor()

/** The views while the runtime works. */
const calm = async (browser: Browser, filled: Filled, failed: string): Promise<void> => {
  const shot = (name: string, hash: string, prepare: (page: Page) => Promise<unknown>) =>
    take(browser, filled, name, hash, prepare)
  await shot("chat", "#/chat", async (page) => {
    await page.getByRole("link", { name: /^Hello/ }).click()
    await page.getByRole("article", { name: "Answer" }).getByText("in total").waitFor()
    await page.getByRole("group", { name: "Execution chain" }).getByText("lookup").first().waitFor()
  })
  await shot("run", `#/runs/${failed}`, (page) =>
    page.getByRole("region", { name: "Waterfall" }).scrollIntoViewIfNeeded(),
  )
  await shot("rollout", "#/crossfade/rollout", (page) => row(page, /^Rules/))
  await shot("autopilot", "#/crossfade/autopilot", (page) => row(page, /^Answers/))
  await shot("shadow", "#/crossfade/shadow", (page) => row(page, /^Text/))
  await shot("audit", "#/crossfade/audit", (page) => row(page, /autopilot.start/))
}

/** The views while the runtime is down. */
const broken = async (browser: Browser, filled: Filled): Promise<void> => {
  await take(browser, filled, "sandbox", "#/sandbox", (page) => row(page, /^down/))
  await take(browser, filled, "live", "#/crossfade", async (page) => {
    await page.locator(".time-chart canvas").nth(5).waitFor()
    await page.getByText("Direct mode answers all turns").first().waitFor()
  })
}

if (import.meta.main) {
  const data = temporaryFolder()
  const filled = await fill(data.path)
  const browser = await launcher.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] })
  try {
    const failed = await send(filled)
    await filled.client.json("POST", "/api/v1/runtime/autopilot", { reason: "Week 2" })
    await calm(browser, filled, failed)
    await trip(filled)
    await broken(browser, filled)
  } finally {
    await browser.close()
    await filled.gateway.stop("SIGKILL")
    data.dispose()
  }
}

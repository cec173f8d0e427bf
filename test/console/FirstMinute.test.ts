/** The first minute of a newcomer: `npm start`, the printed link, the first answer. */
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { eventually } from "../support/chatClient.ts"
import { expectClean, useBrowser } from "../support/consolePage.ts"
import { type Running, start, temporaryFolder } from "../support/processes.ts"
import { ended, send } from "./chats.ts"

const manifest: { readonly scripts: { readonly start: string } } = JSON.parse(
  readFileSync("package.json", "utf8"),
)
const program = manifest.scripts.start

const folder = temporaryFolder()
let gateway: Running
beforeAll(async () => {
  // Without the secrets and limits of the tests: a start on a fresh machine.
  gateway = await start(
    process.execPath,
    // The program of `npm start`, without npm, which does not pass signals on.
    program.split(" ").slice(1),
    {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      SANDBOX_RUNTIME_PORT: "0",
      SANDBOX_MODEL_PORT: "0",
      DATA_DIR: folder.path,
    },
    (line) => /listens on (http:\S+)/.exec(line)?.[1],
    60_000,
  )
}, 90_000)
afterAll(async () => {
  await gateway?.stop("SIGKILL")
  folder.dispose()
})

describe.skipIf(!present(chromium, "scripts/setup-tests"))("a newcomer", { timeout: 90_000 }, () => {
  const browser = useBrowser()

  it("opens the printed link, sends a message, and sees the answer with its execution chain", async () => {
    const link = await eventually(async () => /(http:\S+#token=\S+)/.exec(gateway.output())?.[1], 20)
    const url = new URL(link)
    const tab = await browser.open({ url: url.origin, hash: url.hash })
    const dialog = tab.page.getByRole("dialog", { name: "Access by a link" })
    await dialog.getByRole("button", { name: "Use it" }).click()
    await send(tab.page, "Hello")
    const answer = await ended(tab.page)
    await answer.getByText(/in total/).waitFor()
    await answer
      .getByText(/This answer was written by the sandbox runtime/)
      .first()
      .waitFor()
    const chain = answer.locator(".chain-place")
    await chain.waitFor()
    expect(await chain.innerText()).not.toBe("")
    expect(await answer.locator(".mode").innerText()).toBe("runtime")
    expectClean(tab)
    await tab.close()
  })
})

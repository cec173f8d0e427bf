/** The API reference in Chromium. `test/console` has the tests of the console. */
import { describe, expect, it } from "vitest"
import { chromium, inBrowser } from "../support/browser.ts"
import { eventually } from "../support/chatClient.ts"
import { useGateway } from "../support/useGateway.ts"
import { present } from "./present.ts"

const gateway = useGateway()

describe.skipIf(!present(chromium, "scripts/setup-tests"))("in Chromium", { timeout: 90_000 }, () => {
  it("the API reference works under its content security policy", () =>
    inBrowser(async (tab) => {
      await tab.open(`${gateway.url}/docs`)
      const isShown = `document.body.innerText.includes("/api/v1/chat/start")`
      await eventually(async () => (await tab.value(isShown)) === true, 20)
      expect(tab.complaints).toEqual([])
    }))
})

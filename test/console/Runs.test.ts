/** The run view: the list with its filters, and one run for operators, administrators and its user. */
import { beforeAll, describe, expect, it } from "vitest"
import { chromium } from "../support/browser.ts"
import { operatorToken, tokenFor } from "../support/chatClient.ts"
import { present } from "../clients/present.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { expectNoOverflow, violationsOf } from "../support/pageChecks.ts"
import { useWorld } from "../support/world.ts"

const world = useWorld({ LOG_LEVEL: "warn", TRACE_URL: "https://trace.example/t/{traceId}?from=console" })
const traceId = "5b8aa5a2d2c872e8321cf37308d69df2"
const secret = "a question that only its user may see"

interface Turn {
  readonly id: string
  readonly sessionId: string
}
/** A run with tools, one that fails with an error, and one that falls back. */
let tools: Turn
let failed: Turn
let fallback: Turn

const turn = async (message: unknown, user = "ana", org = "acme"): Promise<Turn> => {
  const client = await world.as(org, user)
  const stream = await client.start(message, { traceparent: `00-${traceId}-5fb397be34d26b51-01` })
  await stream.rest()
  return { id: stream.runId, sessionId: stream.sessionId }
}

beforeAll(async () => {
  tools = await turn({ scenario: "all", note: secret })
  failed = await turn({ scenario: "cut", after: "tool_call" })
  fallback = await turn({ scenario: "error", after_text: 0 })
})

const auditOf = async (runId: string): Promise<ReadonlyArray<boolean>> => {
  const { data } = await world.operator.json("GET", "/api/v1/runtime/audit?limit=100")
  return data.entries
    .filter(
      ({ action, after }: { action: string; after: { runId?: string } }) =>
        action === "runs.read" && after.runId === runId,
    )
    .map(({ after }: { after: { content: boolean } }) => after.content)
}

describe.skipIf(!present(chromium, "scripts/setup-tests"))("the run view", { timeout: 120_000 }, () => {
  const browser = useBrowser()
  const open = (token: string, hash: string, options = {}): Promise<ConsolePage> =>
    browser.open({ url: world.gateway.url, token, hash, ...options })
  const operator = () => operatorToken(["operator:read", "operator:content"])

  it("leads an operator from the list to a run, and shows its content on demand only", async () => {
    const tab = await open(await operator(), "#/runs")
    const { page } = tab
    await page.getByLabel("User", { exact: true }).fill("ana")
    await page.getByLabel("Status").selectOption("completed")
    await page.getByRole("button", { name: "Apply" }).click()
    await page.getByRole("link", { name: "Remove the filter User: ana" }).waitFor()
    expect(page.url()).toContain("#/runs?user=ana&status=completed")
    const rows = page.getByRole("table").getByRole("row")
    await expect.poll(() => rows.count()).toBe(3)
    await page.locator(`a[href="#/runs/${tools.id}"]`).click()
    await page.getByRole("heading", { name: `Run ${tools.id.slice(0, 8)}` }).waitFor()
    await page.getByText("Mode without any other rule").waitFor()
    await page.getByRole("button", { name: "Show the content" }).waitFor()
    expect(await page.getByText(secret).count()).toBe(0)
    expect(await page.getByRole("rowheader", { name: /search/ }).count()).toBe(0)
    expect(await auditOf(tools.id)).not.toContain(true)
    await page.getByRole("button", { name: "Show the content" }).click()
    await page.getByText(secret).waitFor()
    await page.getByRole("rowheader", { name: "tool search" }).waitFor()
    await page.getByRole("button", { name: "▶ Play" }).waitFor()
    expect(await auditOf(tools.id)).toContain(true)
    expectClean(tab)
    await tab.close()
  })

  it("offers no content to an operator without the permission", async () => {
    const tab = await open(await operatorToken(["operator:read"]), `#/runs/${tools.id}`)
    await tab.page.getByText("it lacks operator:content").waitFor()
    expect(await tab.page.getByRole("button", { name: "Show the content" }).count()).toBe(0)
    expectClean(tab)
    await tab.close()
  })

  it("shows an administrator the runs of the own organisation only", async () => {
    const permissions = ["admin:read", "admin:content"]
    const own = await open(await tokenFor("acme", "adam", permissions), `#/runs/${tools.id}`)
    await own.page.getByRole("button", { name: "Show the content" }).click()
    await own.page.getByText(secret).waitFor()
    expectClean(own)
    await own.close()
    const other = await open(await tokenFor("other", "adam", permissions), `#/runs/${tools.id}`)
    await other.page.getByText("There is no such run, or you may not read it.").waitFor()
    expect(await other.page.getByText("ana").count()).toBe(0)
    expect(other.foreign).toEqual([])
    await other.close()
  })

  it("shows a user the own run with its content, without an audit entry, and no other's", async () => {
    const before = (await auditOf(tools.id)).length
    const own = await open(await tokenFor("acme", "ana", ["chat:read"]), `#/runs/${tools.id}`)
    await own.page.getByText(secret).waitFor()
    await own.page.getByRole("rowheader", { name: "MCP lookup" }).waitFor()
    expect(await auditOf(tools.id)).toHaveLength(before)
    expectClean(own)
    await own.close()
    const other = await open(await tokenFor("acme", "eve", ["chat:read"]), `#/runs/${tools.id}`)
    await other.page.getByText("There is no such run, or you may not read it.").waitFor()
    expect(other.foreign).toEqual([])
    await other.close()
  })

  it("draws the waterfall of a run with tools, and its links", async () => {
    const tab = await open(await tokenFor(), `#/runs/${tools.id}`)
    const { page } = tab
    const table = page.getByRole("table").filter({ hasText: "Attempt 1: runtime" })
    await table.waitFor()
    const names = await table.getByRole("rowheader").allTextContents()
    expect(names).toEqual([
      "Attempt 1: runtime",
      "clock: first event",
      "clock: total",
      ...[
        "step Search",
        "tool search",
        "step Summarise",
        "skill summarise",
        "step Look up",
        "MCP lookup",
        "step Write",
      ],
    ])
    const lookup = table.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "MCP lookup" }) })
    await lookup.getByText("failed").waitFor()
    expect(await page.getByRole("link", { name: "Open the trace" }).getAttribute("href")).toBe(
      `https://trace.example/t/${traceId}?from=console`,
    )
    expectClean(tab)
    await tab.close()
  })

  it("names the attempts of a run that fell back, and the error of one that failed", async () => {
    const token = await operator()
    const moved = await open(token, `#/runs/${fallback.id}`)
    const attempts = moved.page.getByRole("rowheader", { name: /^Attempt/ })
    await expect.poll(() => attempts.allTextContents()).toEqual(["Attempt 1: runtime", "Attempt 2: a"])
    expectClean(moved)
    await moved.close()
    const { error } = await world.run(failed.id)
    const ended = await open(token, `#/runs/${failed.id}`)
    const card = ended.page.getByRole("region", { name: "Error" })
    await card.getByText(error.code, { exact: true }).waitFor()
    await card.getByText("step s1").waitFor()
    expectClean(ended)
    await ended.close()
  })

  it("replays the events at the times of the run", async () => {
    const { id } = await turn({ scenario: "slow", count: 4, delay_ms: 100 })
    const tab = await open(await tokenFor(), `#/runs/${id}`)
    const { page } = tab
    const slider = page.getByRole("slider", { name: "Position" })
    const answer = page.getByRole("region", { name: "Answer" })
    await answer.getByText("idée 3").waitFor()
    await slider.fill("0")
    await expect.poll(() => answer.getByText("idée").count()).toBe(0)
    await page.getByRole("button", { name: "4×" }).click()
    await page.getByRole("button", { name: "▶ Play" }).click()
    await answer.getByText("idée 0").waitFor()
    await answer.getByText("idée 3").waitFor()
    await page.getByRole("button", { name: "▶ Play" }).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("follows a run that is still running until its end", async () => {
    const client = await world.as("acme", "ana")
    const stream = await client.start({ scenario: "hang", after: "text", ping_ms: 100 })
    await stream.until(({ data }) => data?.type === "text")
    const tab = await open(await operator(), `#/runs/${stream.runId}`)
    await tab.page.getByText("The run is still running. The page follows it.").waitFor()
    await tab.page.getByRole("button", { name: "Show the content" }).click()
    await tab.page.getByRole("region", { name: "Answer" }).getByText("idée").first().waitFor()
    await client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
    await tab.page.getByText("cancelled").first().waitFor()
    await tab.page.getByRole("button", { name: "▶ Play" }).waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("finds a run by its id, its session or its trace", async () => {
    const tab = await open(await operator(), "#/runs")
    const { page } = tab
    const find = async (text: string) => {
      await page.goto(`${world.gateway.url}/#/runs`)
      await page.getByRole("textbox", { name: "Find a run, a session or a trace" }).fill(text)
      await page.getByRole("button", { name: "Find", exact: true }).click()
    }
    await find(`${tools.id}:7`)
    await page.getByRole("heading", { name: `Run ${tools.id.slice(0, 8)}` }).waitFor()
    await find(tools.sessionId.toUpperCase())
    await page.getByRole("link", { name: `Remove the filter Session: ${tools.sessionId}` }).waitFor()
    await find(traceId)
    await page.getByRole("link", { name: `Remove the filter Trace: ${traceId}` }).waitFor()
    await page.locator(`a[href="#/runs/${tools.id}"]`).waitFor()
    await find("no id")
    await page.getByRole("alert").getByText("contains no run id").waitFor()
    expectClean(tab)
    await tab.close()
  })

  it("pages through the list with the address", async () => {
    for (let count = 0; count < 51; count++) await turn("hello", "pat", "pages")
    const tab = await open(await tokenFor("pages", "adam", ["admin:read"]), "#/runs?user=pat")
    const { page } = tab
    const rows = page.getByRole("rowheader")
    await expect.poll(() => rows.count()).toBe(50)
    await page.getByRole("link", { name: "Older" }).click()
    await expect.poll(() => rows.count()).toBe(1)
    expect(page.url()).toContain("cursor=")
    await page.goBack()
    await expect.poll(() => rows.count()).toBe(50)
    expectClean(tab)
    await tab.close()
  })

  it.each(["light", "dark"] as const)("has no accessibility violation in %s", async (colorScheme) => {
    for (const hash of ["#/runs?user=ana", `#/runs/${tools.id}`, `#/runs/${failed.id}`]) {
      const tab = await open(await operator(), hash, { colorScheme })
      const { page } = tab
      if (hash.startsWith("#/runs/")) {
        await page.getByRole("button", { name: "Show the content" }).click()
        await page.getByRole("slider", { name: "Position" }).waitFor()
      } else await page.getByRole("rowheader").first().waitFor()
      expect(await violationsOf(page)).toEqual([])
      expectClean(tab)
      await tab.close()
    }
  })

  it("fits 360 px, in Chinese", async () => {
    for (const hash of ["#/runs?user=ana", `#/runs/${tools.id}`]) {
      const tab = await open(await operator(), hash, {
        locale: "zh-CN",
        viewport: { width: 360, height: 740 },
      })
      const { page } = tab
      if (hash.startsWith("#/runs/")) {
        await page.getByRole("button", { name: "显示内容" }).click()
        await page.getByRole("slider", { name: "位置" }).waitFor()
      } else await page.getByRole("rowheader").first().waitFor()
      await expectNoOverflow(page)
      expectClean(tab)
      await tab.close()
    }
  })
})

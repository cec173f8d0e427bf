/**
 * The console in Debian's Chromium, driven by playwright-core. Each page records everything that must not happen: errors, refusals of the policy,
 * and requests to other hosts.
 */
import { type Browser, type BrowserContextOptions, chromium as launcher, type Page } from "playwright-core"
import { afterAll, beforeAll, expect } from "vitest"
import { chromium } from "./browser.ts"

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

export interface ConsolePage {
  readonly page: Page
  /** Errors of the page: thrown, logged, and refused by its policy. */
  readonly complaints: Array<string>
  /** Requests to hosts other than those of `allowed`. */
  readonly foreign: Array<string>
  readonly close: () => Promise<void>
}

export interface OpenOptions extends BrowserContextOptions {
  readonly url: string
  /** Signed in with this token. */
  readonly token?: string
  /** The view, such as `#/runs`. */
  readonly hash?: string
  /** Origins beside those of the gateway and its sandbox. */
  readonly allowed?: ReadonlyArray<string>
}

/** The header of the console reads the faults of the sandbox, if the gateway runs on one. Other servers have no such route. */
const sandboxOf = async (url: string): Promise<ReadonlyArray<string>> => {
  const response = await fetch(`${url}/api/v1/health/ready`)
  // A gateway that is not ready names its sandbox too. The server of a test page has no such route.
  if (response.headers.get("content-type")?.startsWith("application/json") !== true) return []
  const { data } = (await response.json()) as {
    readonly data?: { readonly sandbox?: Readonly<Record<string, string>> }
  }
  return Object.values(data?.sandbox ?? {})
}

/** One browser for the tests of a file. */
export const useBrowser = () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launcher.launch({ executablePath: chromium, args: flags })
  })
  afterAll(() => browser?.close())
  return {
    open: async ({ allowed = [], hash = "", token, url, ...options }: OpenOptions): Promise<ConsolePage> => {
      const context = await browser.newContext({ locale: "en-GB", ...options })
      const page = await context.newPage()
      const complaints: Array<string> = []
      const foreign: Array<string> = []
      const origins = [new URL(url).origin, ...(await sandboxOf(url)), ...allowed]
      page.on("pageerror", (error) => complaints.push(String(error)))
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()))
      page.on("request", (request) => {
        const at = request.url()
        if (!/^(data|blob):/.test(at) && !origins.includes(new URL(at).origin)) foreign.push(at)
      })
      if (token !== undefined)
        await page.addInitScript((given) => {
          sessionStorage.setItem("token", given)
        }, token)
      await page.goto(`${url}/${hash}`)
      return { page, complaints, foreign, close: () => context.close() }
    },
  }
}

/** The last assertion of a test of the console. */
export const expectClean = ({ complaints, foreign }: ConsolePage): void => {
  expect(foreign).toEqual([])
  expect(complaints).toEqual([])
}

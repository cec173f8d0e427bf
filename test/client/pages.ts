/** Serves one page, of another origin than the gateway, that runs a bundled program. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll } from "vitest"
import { inBrowser, type Tab } from "../support/browser.ts"
import { eventually } from "../support/chatClient.ts"
import { bundle } from "./bundle.ts"

export const usePage = (program: string) => {
  let script = ""
  const server = createServer(({ url }, response) => {
    if (url === "/program.js") response.setHeader("content-type", "text/javascript").end(script)
    else
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><div id="root"></div><script type="module" src="/program.js"></script>')
  })
  const page = {
    origin: "",
    /** Opens the page in a fresh browser, once its program has run. */
    open: <A>(use: (tab: Tab) => Promise<A>): Promise<A> =>
      inBrowser(async (tab) => {
        await tab.open(page.origin)
        await shows(tab, "globalThis.ready === true")
        return use(tab)
      }),
  }
  beforeAll(async () => {
    script = `${await bundle(program, { minify: false })}\nglobalThis.ready = true`
    await once(server.listen(0, "127.0.0.1"), "listening")
    page.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  return page
}

export const shows = (tab: Tab, expression: string, seconds = 20) =>
  eventually(async () => (await tab.value(expression)) === true, seconds)

/** A page with the Markdown of the console alone, under the policy of the console. */
import { resolve } from "node:path"
import { type Page } from "playwright-core"
import { rolldown } from "rolldown"
import { ofConsole } from "../../src/http/ContentPolicy.ts"

const program = `
import { h, render } from "preact"
import { Markdown } from ${JSON.stringify(resolve("src/console/markdown/Markdown.tsx"))}
globalThis.show = (text, live) => render(h(Markdown, { text, live }), document.getElementById("root"))
`

const entry = resolve("markdown-page.js")

const built = async (): Promise<string> => {
  const bundle = await rolldown({
    input: entry,
    platform: "browser",
    moduleTypes: { ".css": "empty" },
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) => (id === entry ? program : undefined),
      },
    ],
  })
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false })
  await bundle.close()
  return output[0].code
}

const html = `<!doctype html><html lang="en"><title>Markdown</title><link rel="icon" href="data:,"><main id="root"></main><script type="module" src="/program.js"></script></html>`

export const origin = "http://markdown.test"

/** Answers the requests of the page; all other ones fail. */
export const serveMarkdown = async (page: Page): Promise<void> => {
  const body = await built()
  await page.route("**", (route) => {
    const url = new URL(route.request().url())
    if (url.origin !== origin) return route.abort()
    if (url.pathname === "/program.js") return route.fulfill({ contentType: "text/javascript", body })
    return route.fulfill({
      contentType: "text/html",
      headers: { "content-security-policy": ofConsole([]) },
      body: html,
    })
  })
  await page.goto(`${origin}/`)
  await page.waitForFunction("typeof globalThis.show === 'function'")
}

export const show = (page: Page, text: string, live = false): Promise<unknown> =>
  page.evaluate(`globalThis.show(${JSON.stringify(text)}, ${live})`)

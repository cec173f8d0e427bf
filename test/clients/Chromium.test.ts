/**
 * Chromium's own EventSource, on a page of another origin than the gateway: with a ticket, because EventSource sends
 * no custom headers. The page reports its events to the server that it came from.
 */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromium, inBrowser } from "../support/browser.ts"
import { snippets } from "../support/snippets.ts"
import { useWorld } from "../support/world.ts"
import { afterEvent, startCutProxy, within } from "./cutProxy.ts"
import { present } from "./present.ts"
import { type Dispatched, eventsOf, expectSame, slow } from "./readers.ts"

const html = (script: string) => `<!doctype html><title>test</title><script type="module">
const report = (seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) })
${script}
</script>`

let script = ""
let reported: (text: string) => void = () => {}
const pages = createServer((request, response) => {
  if (request.method !== "POST") return void response.setHeader("content-type", "text/html").end(html(script))
  let text = ""
  request.setEncoding("utf8").on("data", (data: string) => (text += data))
  request.on("end", () => {
    response.end()
    reported(text)
  })
})
let origin = ""

beforeAll(async () => {
  await once(pages.listen(0, "127.0.0.1"), "listening")
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
})

const world = useWorld(() => ({ SSE_HEARTBEAT_INTERVAL_MS: "70", CORS_ALLOWED_ORIGINS: origin }))

afterAll(() => {
  pages.close()
  pages.closeAllConnections()
})

/** Opens a page that runs `body`, and returns its report. */
const onPage = (body: string): Promise<unknown> => {
  script = body
  const report = new Promise<string>((resolve) => (reported = resolve))
  return inBrowser(async (tab) => {
    await tab.open(origin)
    return JSON.parse(await report)
  })
}

const readWithEventSource = (url: string) => `
const seen = []
const source = new EventSource(${JSON.stringify(url)})
for (const event of ["message", "heartbeat", "error", "done"])
  source.addEventListener(event, ({ data, lastEventId: id }) => {
    if (data !== undefined) seen.push({ id, event, data })
    else if (source.readyState === EventSource.CLOSED) report(seen)
  })`

const callWithHeaders = (url: string, headers: object) => `
const response = await fetch(${JSON.stringify(url)}, { headers: ${JSON.stringify(headers)} })
report({ status: response.status, id: response.headers.get("x-request-id"), body: await response.json() })`

// Chromium takes seconds to start, and to reconnect.
describe.skipIf(!present(chromium, "scripts/setup-tests"))(
  "a page of another origin",
  { timeout: 90_000 },
  () => {
    it("reads a live run with EventSource and a ticket, over two cuts, and stops at its end", async () => {
      const stream = await world.client.start(slow)
      const path = `/api/v1/chat/runs/${stream.runId}/ticket`
      const { data } = await world.client.json("POST", path)
      const proxy = await startCutProxy(world.gateway.url, [within(4), afterEvent(7)])
      const seen = (await onPage(readWithEventSource(`${proxy.url}${data.url}`))) as ReadonlyArray<Dispatched>
      expectSame(seen, await eventsOf(world, stream.runId))
      expect(proxy.asked.map(({ lastEventId }) => lastEventId?.split(":")[1])).toEqual([
        undefined,
        "3",
        "7",
        "11",
      ])
      await proxy.stop()
      await stream.rest()
    })

    it("reads a run as in the guide, with a new ticket if the old one is refused", async () => {
      const stream = await world.client.start(slow)
      // The page requests a ticket, opens, and requests another one, because its first ticket was damaged.
      const never = /^$/
      const proxy = await startCutProxy(world.gateway.url, [never, never, never, within(4), afterEvent(7)])
      const [, follow] = snippets("docs/how-to/call-from-a-browser.md", "js")
      const call = [proxy.url, world.client.token, stream.runId]
        .map((text) => JSON.stringify(text))
        .join(", ")
      const seen = (await onPage(`${follow}
        const [real, seen] = [fetch, []]
        globalThis.fetch = async (...request) => {
          globalThis.fetch = real
          const answer = await (await real(...request)).json()
          return Response.json({ data: { url: answer.data.url + "x" } })
        }
        await follow(${call}, (event, data, id) => seen.push({ id, event, data: JSON.stringify(data) }))
        report(seen)`)) as ReadonlyArray<Dispatched>
      expectSame(seen, await eventsOf(world, stream.runId))
      await proxy.stop()
      await stream.rest()
    })

    it("may send the headers of tracing libraries, and reads an error with its headers", async () => {
      const headers = {
        authorization: "Bearer x",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "a=b",
        baggage: "a=b",
        "sentry-trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        "cache-control": "no-cache",
        "last-event-id": "1",
        "x-request-id": "page-1",
      }
      const url = `${world.gateway.url}/api/v1/chat/sessions`
      expect(await onPage(callWithHeaders(url, headers))).toMatchObject({
        status: 401,
        id: "page-1",
        body: { error: { code: "AUTH_TOKEN_INVALID" } },
      })
    })
  },
)
